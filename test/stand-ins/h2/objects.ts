import type { V1Secret, V1Service, V1StatefulSet } from '@kubernetes/client-node'
import { onePod, serverMetadata, serverService, serverStatefulSet } from '../one-pod.ts'

export const h2TestImage = 'kubectl-scalardl-test/h2:dev'

/** Where its own tools and JDBC reach it, and where clients of PostgreSQL do (h2database.com, "Server Modes"). */
export const h2Port = 9092
export const h2PostgresqlPort = 5435

/** A user of a database, with all rights in it: none but such may speak PostgreSQL's protocol, which sets a mode. */
export interface H2User {
  name: string
  password: string
}

export interface H2ServerOptions {
  name: string
  namespace: string
  /** of test/stand-ins/h2-image */
  image?: string
  databases: readonly string[]
  user: H2User
}

/** What makes a new database the user's; nobody else is left in it. */
export function h2SetUp({ name, password }: H2User): string {
  return `CREATE USER ${name} PASSWORD '${password.replaceAll("'", "''")}' ADMIN;\nDROP USER sa;\n`
}

/** A server of H2 with one pod: Secret, Service `<name>` and StatefulSet `<name>`; its data goes with the pod. */
export function h2Server(options: H2ServerOptions): [V1Secret, V1Service, V1StatefulSet] {
  const { name, namespace, image = h2TestImage, databases, user } = options
  const metadata = serverMetadata('h2', name, namespace)
  const secret: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    stringData: Object.fromEntries(databases.map((database) => [`${database}.sql`, h2SetUp(user)])),
  }
  const ports = [
    { name: 'h2', port: h2Port },
    { name: 'postgresql', port: h2PostgresqlPort },
  ]
  const pod = onePod({
    container: {
      name: 'h2',
      image,
      ports: ports.map((each) => ({ name: each.name, containerPort: each.port })),
      readinessProbe: { tcpSocket: { port: h2PostgresqlPort }, periodSeconds: 1 },
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
      volumeMounts: [
        { name: 'data', mountPath: '/var/lib/h2' },
        { name: 'set-up', mountPath: '/set-up' },
      ],
    },
    volumes: [
      { name: 'set-up', secret: { secretName: name } },
      { name: 'data', emptyDir: {} },
    ],
  })
  return [secret, serverService(metadata, ...ports), serverStatefulSet(metadata, pod)]
}
