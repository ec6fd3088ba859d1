import type { V1Container, V1Service, V1Volume } from '@kubernetes/client-node'
import type { serverMetadata } from '../one-pod.ts'
import { furtherHost, type FurtherEndpoint, type ServerAddresses } from './server-address.ts'
import { postgresqlServers, type ServersWithPast } from './servers-with-a-past.ts'

/** How many servers a pod can have. */
const most = 6
/** PostgreSQL's. */
const usualPort = 5432
const firstPort = 15_432

/** Where the servers of a pod are found: the Services `<name>-0`, `<name>-1` and so on, and those of more endpoints. */
const servicesVariable = 'DATABASE_SERVICES'
/** The folder of PostgreSQL's programs in an image. */
const programsVariable = 'POSTGRESQL'

/** Real servers in the pod of a stand-in, behind Services; undefined where the pod has none. */
export async function serversInPod(environment: NodeJS.ProcessEnv): Promise<ServersWithPast | undefined> {
  const [name, binaries] = [environment[servicesVariable], environment[programsVariable]]
  if (name === undefined || binaries === undefined) return undefined
  return await postgresqlServers({ binaries, addresses: podAddresses(name) })
}

function podAddresses(name: string): ServerAddresses {
  const of = (number: number) => {
    if (number >= most) throw new Error(`the pod has Services for ${most} servers`)
    const port = firstPort + number
    const own = { listensOn: '0.0.0.0', reachedAt: { host: '127.0.0.1', port } }
    return { host: `${name}-${number}`, port: usualPort, own }
  }
  return { port: usualPort, of }
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
    spec: { ports: [{ name: 'database', port: usualPort, targetPort: firstPort + number }], selector: of.labels },
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
