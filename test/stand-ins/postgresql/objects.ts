import type { V1ConfigMap, V1Secret, V1Service, V1StatefulSet } from '@kubernetes/client-node'
import { onePod, serverMetadata, serverService, serverStatefulSet } from '../one-pod.ts'

/** A role of the server and the databases that it owns. */
export interface ServerRole {
  name: string
  password: string
  /** may create and rename databases, and end the sessions of others' clients: what a restore needs */
  createDatabases: boolean
  databases: readonly string[]
}

export interface PostgresqlServerOptions {
  name: string
  namespace: string
  /** built like the published `postgres` image; README.md says what is asked of it */
  image?: string
  superuserPassword: string
  roles?: readonly ServerRole[]
  /** further `name=value` settings of the server */
  settings?: readonly string[]
  /** size of a PersistentVolumeClaim for the data, such as 5Gi; without one the data goes with the pod */
  volume?: string
  /** user and group the image's server runs as */
  user?: number
}

export const testImage = 'kubectl-scalardl-test/postgresql:dev'

/** The release's role without further rights, and one that may create databases, beside the superuser. */
export const usualRoles = (passwords: { scalar: string; admin: string }): ServerRole[] => [
  { name: 'scalar', password: passwords.scalar, createDatabases: false, databases: ['ledger_a', 'ledger_b'] },
  { name: 'admin', password: passwords.admin, createDatabases: true, databases: [] },
]

/** A test's data need not outlive the machine: the server does not wait for the disk. */
const fast = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=300',
  'shared_buffers=64MB',
  'max_wal_size=4GB',
]

const passwordVariable = (index: number) => `ROLE_${index}_PASSWORD`

/** Run by psql on the first start; the passwords come from the environment, so that they stand in the Secret alone. */
function setUp(roles: readonly ServerRole[]): string {
  const lines = roles.flatMap((role, index) => [
    `\\getenv password_${index} ${passwordVariable(index)}`,
    `CREATE ROLE "${role.name}" LOGIN ${role.createDatabases ? 'CREATEDB' : 'NOCREATEDB'} PASSWORD ` +
      `:'password_${index}';`,
    ...role.databases.map((database) => `CREATE DATABASE "${database}" OWNER "${role.name}";`),
  ])
  // Whoever may restore must own what it replaces, and may end the sessions that are in the way.
  const owners = roles.filter((role) => role.databases.length > 0)
  const restorers = roles.filter((role) => role.createDatabases)
  const grants = restorers.flatMap((restorer) => [
    ...owners.filter((owner) => owner !== restorer).map((owner) => `GRANT "${owner.name}" TO "${restorer.name}";`),
    `GRANT pg_signal_backend TO "${restorer.name}";`,
  ])
  return `${[...lines, ...grants].join('\n')}\n`
}

/** A PostgreSQL server with one pod: Secret, ConfigMap with the set-up, Service `<name>` and StatefulSet `<name>`. */
export function postgresqlServer(options: PostgresqlServerOptions): [V1Secret, V1ConfigMap, V1Service, V1StatefulSet] {
  const {
    name,
    namespace,
    image = testImage,
    superuserPassword,
    roles = [],
    settings = [],
    volume,
    user = 999,
  } = options
  const metadata = serverMetadata('postgresql', name, namespace)
  const fromSecret = (key: string) => ({ valueFrom: { secretKeyRef: { name, key } } })

  const secret: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    stringData: {
      'superuser-password': superuserPassword,
      ...Object.fromEntries(roles.map((role) => [`${role.name}-password`, role.password])),
    },
  }
  const configMap: V1ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'set-up.sql': setUp(roles) } }
  const pod = onePod({
    user,
    container: {
      name: 'postgresql',
      image,
      args: ['postgres', ...[...fast, ...settings].flatMap((setting) => ['-c', setting])],
      env: [
        { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
        { name: 'POSTGRES_PASSWORD', ...fromSecret('superuser-password') },
        ...roles.map((role, index) => ({ name: passwordVariable(index), ...fromSecret(`${role.name}-password`) })),
      ],
      ports: [{ name: 'postgresql', containerPort: 5432 }],
      // By TCP: while the image sets up its databases, the server listens on its socket only.
      readinessProbe: {
        exec: { command: ['pg_isready', '-h', '127.0.0.1', '-U', 'postgres'] },
        periodSeconds: 1,
        timeoutSeconds: 5,
      },
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
      volumeMounts: [
        { name: 'data', mountPath: '/var/lib/postgresql/data' },
        { name: 'set-up', mountPath: '/docker-entrypoint-initdb.d' },
      ],
    },
    volumes: [
      { name: 'set-up', configMap: { name } },
      ...(volume === undefined ? [{ name: 'data', emptyDir: {} }] : []),
    ],
    graceSeconds: 10,
  })
  const claims =
    volume === undefined
      ? []
      : [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: volume } } },
          },
        ]
  return [
    secret,
    configMap,
    serverService(metadata, { name: 'postgresql', port: 5432 }),
    serverStatefulSet(metadata, pod, claims),
  ]
}
