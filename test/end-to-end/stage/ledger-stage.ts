import { ledgerRelease, type LedgerRelease, type LedgerReleaseOptions } from '../../stand-ins/ledger/release/objects.ts'
import { singleStorage, twoDatabases } from '../../stand-ins/ledger/release/release-properties.ts'
import { postgresqlServer, usualRoles } from '../../stand-ins/postgresql/objects.ts'
import { ground, Stage, type TestGround } from './stage.ts'

/** Passwords of the test servers; odd characters on purpose, since every one of them has to pass unharmed. */
export const passwords = { superuser: 'su$p\'er "1"', scalar: "sc@lar:p/w%d&x='1'", admin: 'adm#in?\\1' }

export interface LedgerStageOptions {
  /** one database (transactional as it is) or two (multi-storage) */
  storage?: 'single' | 'multi'
  replicas?: number
  /** STAND_IN_… variables */
  standIn?: Record<string, string>
  /** labels of the namespace, such as Pod Security's */
  labels?: Record<string, string>
  release?: string
  /** the PostgreSQL server, where it is another than this namespace's own */
  server?: string
  /** anything else of the release */
  more?: Partial<LedgerReleaseOptions>
}

/** A Ledger release with its PostgreSQL server, a claim named `backups` and a Secret `database-admin`, all serving. */
export interface LedgerStage {
  stage: Stage
  release: LedgerRelease
  /** `deployment/NAME`, as kubectl takes it */
  deployment: string
}

/** The PostgreSQL server and what belongs to backups, without any release. */
export async function openDatabaseStage(
  namespace: string,
  labels: Record<string, string> = {},
  on: TestGround = ground(),
): Promise<Stage> {
  const stage = new Stage(namespace, on)
  await stage.open(labels)
  await stage.apply([
    ...postgresqlServer({
      name: 'database',
      namespace,
      image: stage.images.postgresql,
      superuserPassword: passwords.superuser,
      roles: usualRoles(passwords),
    }),
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'backups' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
    },
    secret('database-admin', { username: 'admin', password: passwords.admin, hosts: 'database' }),
  ])
  await stage.rolledOut('statefulset/database')
  return stage
}

export function secret(
  name: string,
  values: Record<string, string>,
): { apiVersion: string; kind: string; metadata: { name: string }; stringData: Record<string, string> } {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: values }
}

const variables = { username: 'HELM_SCALAR_DB_USERNAME', password: 'LEDGER_PASSWORD' }

/** Adds a release to a namespace; its password comes by envFrom, its user by env, as the charts allow both. */
export async function addLedger(stage: Stage, options: LedgerStageOptions = {}): Promise<LedgerStage> {
  const { storage = 'multi', replicas = 3, standIn = {}, release: name = 'my', server = 'database:5432' } = options
  const release = ledgerRelease({
    release: name,
    namespace: stage.namespace,
    replicas,
    image: stage.images.ledger,
    properties:
      storage === 'multi'
        ? twoDatabases(server, ['ledger_a', 'ledger_b'], variables)
        : singleStorage({ server, database: 'ledger_a' }, variables),
    database: { username: 'scalar', password: 'not this one' },
    secret: { name: `${name}-database`, values: { LEDGER_PASSWORD: passwords.scalar } },
    standIn: { STAND_IN_WORKERS: '3', ...standIn },
    ...options.more,
  })
  await stage.apply(release.objects)
  const deployment = `deployment/${release.deployment}`
  await stage.rolledOut(deployment)
  return { stage, release, deployment }
}

/** Everything at once: server, release, and what `kubectl scalardl install` makes. */
export async function openLedgerStage(namespace: string, options: LedgerStageOptions = {}): Promise<LedgerStage> {
  const stage = await openDatabaseStage(namespace, options.labels)
  const ledger = await addLedger(stage, options)
  await stage.succeeds(['install'])
  return ledger
}
