// Room: restores of DynamoDB, from checks to killed workers.
// Read restore-stage, restored-world, restore-walk.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { accessOf } from '../../../../../../job/databases/dynamodb/access.ts'
import { openClients, type Clients } from '../../../../../../job/databases/dynamodb/clients.ts'
import { describeBackup } from '../../../../../../job/databases/dynamodb/backup/describe-backup.ts'
import { jsonLineEvents } from '../../../../../../job/process/events.ts'
import { Interrupted } from '../../../../../../job/process/interrupted.ts'
import { work } from '../../../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../../../operation/event.ts'
import { newRecord, type DatabaseBackup, type OperationRecord } from '../../../../../../operation/record.ts'
import type { OperationRequest, RequestOf } from '../../../../../../operation/request.ts'
import type { Aws } from '../../../../../stand-ins/aws/aws.ts'
import { inMemoryCluster, type InMemoryCluster } from '../../../in-memory-cluster.ts'
import { mortalCluster, type Death } from '../../../mortal-cluster.ts'
import { createInstallation, pointTo, accessKey, secretKey, type Installation } from '../installation.ts'
import { openGateway } from '../gateway.ts'
import { worldOf, type World } from './restored-world.ts'

const configMap = { name: 'my-ledger-ledger-properties', key: 'ledger.properties' }
const tables = (installation: Installation) =>
  installation.tables.map((name) => ({
    name,
    namespace: name.slice(installation.prefix.length).split('.')[0] ?? '',
    table: name.split('.').at(-1) ?? '',
  }))

/** A release with its tables in AWS and one backup of them, after which it went on writing. */
export interface RestoreStage {
  aws: Aws
  installation: Installation
  clients: Clients
  cluster: InMemoryCluster
  entry: DatabaseBackup
  /** RFC 3339 */
  point: string
  /** what was there at that moment */
  atPoint: World
  replicas(): number
  properties(): string
  record(operation: string): OperationRecord | undefined
  /** one worker of an operation, from its beginning or from where an earlier one was killed */
  worker(request: OperationRequest, life?: Life): Promise<Outcome>
  /** the same tables and backup, with a release of its own; closed with this one */
  sibling(): Promise<RestoreStage>
  close(): Promise<void>
}

/** How a worker runs, and how long it lives. */
export interface Life extends Death {
  /** where the release has its properties: those in a Secret cannot be changed */
  properties?: 'config map' | 'secret'
  /** version of the product; empty: not known */
  version?: string
  /** called after each call to AWS */
  after?: (operation: string) => Promise<void>
}

export interface Outcome {
  killed: boolean
  /** undefined where it was killed */
  code: number | undefined
  events: WorkerEvent[]
}

let workers = 0

type Spoil = (installation: Installation) => Promise<void>

/** Lets every table be deleted, as a restore in place needs it. */
export const unprotect: Spoil = async ({ client, tables }) => {
  for (const table of tables) await client.updateTable({ TableName: table, DeletionProtectionEnabled: false })
}

/** An installation with a backup, closed at the end of the test. */
export async function restoreStage(
  t: Pick<Test, 'teardown'>,
  aws: Aws,
  prefix: string,
  spoil?: Spoil,
): Promise<RestoreStage> {
  const [stage] = await restoreStages(t, aws, [prefix], spoil)
  return stage
}

/**
 * Installations with a backup of one moment, all made at the same time and closed at the end of the test.
 * @param spoil what else is done to an installation before the backup
 */
export async function restoreStages<const Prefixes extends readonly string[]>(
  t: Pick<Test, 'teardown'>,
  aws: Aws,
  prefixes: Prefixes,
  spoil: Spoil = async () => undefined,
): Promise<{ [Each in keyof Prefixes]: RestoreStage }> {
  const installations = await Promise.all(
    prefixes.map(async (prefix) => {
      const installation = await createInstallation(aws, prefix)
      await spoil(installation)
      return installation
    }),
  )
  // AWS restores to whole seconds, and which moment of one it does not say.
  const atMs = (Math.floor(aws.now() / 1000) + 1) * 1000
  await sleep(atMs + 1010 - aws.now())
  const stages = await Promise.all(installations.map((installation) => stageOf(aws, installation, atMs)))
  t.teardown(() => Promise.all(stages.map((stage) => stage.close())))
  return stages as { [Each in keyof Prefixes]: RestoreStage }
}

async function stageOf(aws: Aws, installation: Installation, atMs: number): Promise<RestoreStage> {
  const access = accessOf(installation.settings, {})
  const clients = openClients(access, { patienceMs: 60_000 })
  const point = new Date(atMs).toISOString()
  const atPoint = await worldOf(clients, installation.prefix)
  await installation.write()
  const details = await describeBackup({ access, clients, tables: tables(installation), windows: [], atMs })
  const entry: DatabaseBackup = {
    storages: ['ledger/default'],
    kind: 'dynamodb',
    title: 'dynamodb://eu-west-1',
    tables: tables(installation).map(({ namespace, table }) => ({ schema: namespace, name: table })),
    snapshotAt: point,
    details: JSON.parse(JSON.stringify(details)) as DatabaseBackup['details'],
  }
  return releaseOf({ aws, installation, clients, entry, point, atPoint })
}

/** A release with an installation of any making and a backup of it; close() ends it. */
export async function releaseOf(
  shared: Pick<RestoreStage, 'aws' | 'installation' | 'clients' | 'entry' | 'point' | 'atPoint'>,
): Promise<RestoreStage> {
  const { installation, clients, entry, point } = shared
  const cluster = inMemoryCluster([])
  const state = { replicas: 3 }
  cluster.workloads = async () => [
    { name: 'my-ledger', release: 'my-ledger', replicas: state.replicas, readyReplicas: state.replicas },
  ]
  cluster.scale = async (_, replicas) => void (state.replicas = replicas)
  await cluster.writeRecord({
    ...newRecord({
      operation: 'backup-x',
      kind: 'backup',
      namespace: 'ns',
      releases: ['my-ledger'],
      createdAt: point,
      plugin: '0.1.0',
    }),
    state: 'succeeded',
    backup: { name: 'x', state: 'restorable', restorePoint: point, databases: [entry] },
  })
  const text = [
    'scalar.db.storage=dynamo',
    'scalar.db.contact_points=eu-west-1',
    `scalar.db.username=${accessKey}`,
    `scalar.db.password=${secretKey}`,
    'scalar.db.dynamo.endpoint_override=${env:AWS_ENDPOINT}',
    ...(installation.prefix === '' ? [] : [`scalar.db.dynamo.namespace.prefix=${installation.prefix}`]),
    '',
  ]
  cluster.texts.set(`${configMap.name}/${configMap.key}`, text.join('\n'))
  const folder = await mkdtemp(join(tmpdir(), 'restore-stage-'))
  const siblings: RestoreStage[] = []
  const stage: RestoreStage = {
    ...shared,
    cluster,
    replicas: () => state.replicas,
    properties: () => cluster.texts.get(`${configMap.name}/${configMap.key}`) ?? '',
    record: (operation) => cluster.recordsByName.get(operation),
    worker: (request, life) => runWorker(stage, folder, request, life),
    async sibling() {
      const sibling = await releaseOf(shared)
      siblings.push(sibling)
      return sibling
    },
    async close() {
      installation.close()
      clients.close()
      await Promise.all([rm(folder, { recursive: true }), ...siblings.map((sibling) => sibling.close())])
    },
  }
  return stage
}

async function runWorker(
  { aws, cluster, properties }: RestoreStage,
  folder: string,
  request: OperationRequest,
  life: Life = {},
): Promise<Outcome> {
  workers += 1
  const envPrefix = `WORKER_${workers}_`
  const file = join(folder, `${workers}.properties`)
  const gateway = await openGateway(aws, life.after)
  await writeFile(file, properties())
  process.env[`${envPrefix}AWS_ENDPOINT`] = gateway.endpoint
  // The environment is the whole process's, so no worker's own gateway may stand in it: several live at the same time.
  pointTo(aws)
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = `${aws.endpoint}/any-region`
  const target = {
    ...request.target,
    releases: [
      {
        name: 'my-ledger',
        app: 'ledger',
        ...(life.version === '' ? {} : { version: life.version ?? '3.12.0' }),
        properties: { file, envPrefix, ...(life.properties === 'secret' ? {} : { configMap }) },
      },
    ],
  }
  const stop = new AbortController()
  const said: WorkerEvent[] = []
  const events = jsonLineEvents((line) => said.push(JSON.parse(line) as WorkerEvent))
  const { cluster: mortal, isDead } = mortalCluster(cluster, life, () => {
    gateway.cut()
    stop.abort(new Interrupted('killed'))
  })
  try {
    const code = await work({ ...request, target }, { cluster: mortal, events, signal: stop.signal })
    return { killed: isDead(), code: isDead() ? undefined : code, events: said }
  } catch (error) {
    if (!isDead()) throw error
    return { killed: true, code: undefined, events: said }
  } finally {
    if (!isDead()) await gateway.close()
  }
}

/** Where the worker finds its release is filled in for each worker. */
const common: Pick<RequestOf<'restore'>, 'version' | 'namespace' | 'createdBy' | 'target'> = {
  version: 1,
  namespace: 'ns',
  createdBy: '0.1.0',
  target: { releases: [], serviceUrls: [], addresses: [], tls: { enabled: false } },
}

export function restoreRequest(
  name: string,
  choice: RequestOf<'restore'>['choice'] = {},
  more: Partial<RequestOf<'restore'>> = {},
): RequestOf<'restore'> {
  return {
    ...common,
    kind: 'restore',
    operation: `restore-${name}`,
    createdAt: new Date().toISOString(),
    backup: 'backup-x',
    dropPrevious: false,
    fenceMs: 20,
    loseBackups: ['x'],
    parallel: 1,
    readyMs: 1000,
    choice,
    ...more,
  }
}

export function undoRequest(name: string): RequestOf<'undo'> {
  return {
    ...common,
    kind: 'undo',
    operation: `undo-${name}`,
    createdAt: new Date().toISOString(),
    restore: `restore-${name}`,
    readyMs: 1000,
  }
}

export function materializeRequest(name: string): RequestOf<'materialize'> {
  return {
    ...common,
    kind: 'materialize',
    operation: `materialize-${name}`,
    createdAt: new Date().toISOString(),
    backup: 'backup-x',
  }
}

export function dropRequest(name: string): RequestOf<'drop'> {
  return {
    ...common,
    kind: 'drop',
    fenceMs: 20,
    loseBackups: ['x'],
    operation: `drop-${name}`,
    createdAt: new Date().toISOString(),
    restore: `restore-${name}`,
  }
}
