import type { V1Secret, V1Service, V1StatefulSet } from '@kubernetes/client-node'
import { onePod, serverMetadata, serverService, serverStatefulSet } from '../one-pod.ts'

export const mysqlTestImage = 'kubectl-scalardl-test/mysql:dev'
export const mysqlPort = 3306

/** A user of the server. */
export interface MysqlUser {
  name: string
  password: string
  /** `ALL ON *.*` */
  rights: string
}

export interface MysqlServerOptions {
  name: string
  namespace: string
  /** of test/stand-ins/mysql-image */
  image?: string
  users: readonly MysqlUser[]
}

/** A test's data need not outlive the machine: the server does not wait for the disk. */
const fast = [
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
  '--innodb-buffer-pool-size=64M',
  '--performance-schema=OFF',
  '--max-connections=300',
]

const text = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

/** A MariaDB server with one pod: Secret, Service `<name>` and StatefulSet `<name>`; its data goes with the pod. */
export function mysqlServer(options: MysqlServerOptions): [V1Secret, V1Service, V1StatefulSet] {
  const { name, namespace, image = mysqlTestImage, users } = options
  const metadata = serverMetadata('mysql', name, namespace)
  const lines = users.flatMap((user) => [
    `CREATE USER IF NOT EXISTS ${text(user.name)}@'%' IDENTIFIED BY ${text(user.password)};`,
    `GRANT ${user.rights} TO ${text(user.name)}@'%';`,
  ])
  const secret: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    stringData: { 'users.sql': `${lines.join('\n')}\n` },
  }
  const pod = onePod({
    user: 999,
    container: {
      name: 'mysql',
      image,
      args: fast,
      ports: [{ name: 'mysql', containerPort: mysqlPort }],
      // The server listens only once its users are made.
      readinessProbe: { tcpSocket: { port: mysqlPort }, periodSeconds: 1 },
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
      volumeMounts: [
        { name: 'data', mountPath: '/var/lib/mysql' },
        { name: 'set-up', mountPath: '/set-up' },
      ],
    },
    volumes: [
      { name: 'set-up', secret: { secretName: name } },
      { name: 'data', emptyDir: {} },
    ],
    graceSeconds: 10,
  })
  return [secret, serverService(metadata, { name: 'mysql', port: mysqlPort }), serverStatefulSet(metadata, pod)]
}
