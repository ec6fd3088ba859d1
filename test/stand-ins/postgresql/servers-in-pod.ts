import type { V1Container, V1Service, V1Volume } from '@kubernetes/client-node'
import type { serverMetadata } from '../one-pod.ts'
import { mariadbServers } from '../mysql/servers-with-a-past.ts'
import { furtherHost, type FurtherEndpoint, type ServerAddresses } from './server-address.ts'
import { postgresqlServers, type ServersOfEngines } from './servers-with-a-past.ts'

/** How many servers a pod can have. */
const most = 6
/** Where clients find each: at PostgreSQL's usual port, and at one of MySQL's that its owner chose. */
const ports = { postgresql: 5432, mysql: 3307 }
const firstPort = 15_432

/** Where the servers of a pod are found: the Services `<name>-0`, `<name>-1` and so on, and those of more endpoints. */
const servicesVariable = 'DATABASE_SERVICES'
/** What an image has: the folder of PostgreSQL's programs, and that below which MariaDB is installed. */
const postgresqlVariable = 'POSTGRESQL'
const mariadbVariable = 'MARIADB'

/** Real servers in the pod of a stand-in, behind Services, of what its image has; none where it has no Services. */
export async function serversInPod(environment: NodeJS.ProcessEnv): Promise<ServersOfEngines> {
  const name = environment[servicesVariable]
  if (name === undefined) return {}
  const [binaries, installed] = [environment[postgresqlVariable], environment[mariadbVariable]]
  const addresses = podAddresses(name)
  return {
    ...(binaries !== undefined && {
      postgresql: await postgresqlServers({ binaries, addresses: addresses(ports.postgresql) }),
    }),
    ...(installed !== undefined && { mysql: await mariadbServers({ installed, addresses: addresses(ports.mysql) }) }),
  }
}

/** Addresses by the port that clients know, each given away once. */
function podAddresses(name: string): (port: number) => ServerAddresses {
  let given = 0
  return (port) => ({
    port,
    next() {
      if (given === most) throw new Error(`the pod has Services for ${most} servers`)
      const own = { listensOn: '0.0.0.0', reachedAt: { host: '127.0.0.1', port: firstPort + given } }
      return { host: `${name}-${given++}`, port, own }
    },
  })
}

/** What a stand-in that has servers in its pod needs for them. */
export interface PodServers {
  env: NonNullable<V1Container['env']>
  volumeMounts: NonNullable<V1Container['volumeMounts']>
  volumes: V1Volume[]
  /** lead to the servers once they are there */
  services: V1Service[]
}

/**
 * @param of the stand-in
 * @param further endpoints that each server is told by
 */
export function podServers(
  of: ReturnType<typeof serverMetadata>,
  further: readonly FurtherEndpoint[] = [],
): PodServers {
  const name = `${of.name}-database`
  const service = (host: string, number: number): V1Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...of, name: host },
    spec: {
      ports: Object.entries(ports).map(([engine, port]) => ({ name: engine, port, targetPort: firstPort + number })),
      selector: of.labels,
    },
  })
  return {
    env: [{ name: servicesVariable, value: name }],
    volumeMounts: [{ name: 'databases', mountPath: '/tmp' }],
    volumes: [{ name: 'databases', emptyDir: {} }],
    services: Array.from({ length: most }, (_, number) => {
      const host = `${name}-${number}`
      return [host, ...further.map((endpoint) => furtherHost({ host }, endpoint))].map((one) => service(one, number))
    }).flat(),
  }
}
