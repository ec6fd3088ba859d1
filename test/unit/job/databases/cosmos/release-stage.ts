import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { resourceManagerVariable } from '../../../../../job/azure/clouds.ts'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import { Interrupted } from '../../../../../job/process/interrupted.ts'
import { kubernetesSecrets } from '../../../../../job/kubernetes/secrets/kubernetes-secrets.ts'
import { work, type WorkerContext } from '../../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../../operation/event.ts'
import type { OperationRecord } from '../../../../../operation/record.ts'
import type { OperationRequest, RequestOf } from '../../../../../operation/request.ts'
import { cosmosBank } from '../../../../stand-ins/ledger/cosmos/bank.ts'
import type { Bank } from '../../../../stand-ins/ledger/data/bank.ts'
import { tablesOf } from '../../../../stand-ins/ledger/data/tables.ts'
import { newTransfer } from '../../../../stand-ins/ledger/data/transfer.ts'
import { cosmos } from '../../../../stand-ins/ledger/release/release-properties.ts'
import { clientId, createAccount, group, openAzure, tenant, type Opened } from '../../../stand-ins/azure/clients.ts'
import { asAnotherProcess, inMemoryCluster, type InMemoryCluster } from '../../in-memory-cluster.ts'
import { mortalCluster, type Moment } from '../../mortal-cluster.ts'
import { pauseRequest } from '../../pausing-context.ts'
import { storedSecrets, type StoredSecrets } from '../../kubernetes/secrets/stored-secrets.ts'
import { startLedger, type Ledger } from '../../servers/ledgers.ts'

const configMap = { name: 'my-ledger-properties', key: 'ledger.properties' }
const keyVariable = 'RELEASE_KEY'
/** where the release has it from */
export const keySecret = 'my-ledger-account'
export const keyOf = 'key'

/** A Ledger that keeps everything in an account of Cosmos DB, as workers meet it. */
export interface ReleaseStage extends Opened {
  cluster: InMemoryCluster
  /** its one server, whose gate a pause closes */
  server: Ledger
  /** of the account in service: the bank that the Ledger writes to */
  bank: Bank
  /** what another account holds, found as a user finds it: by its endpoint and its key */
  bankAt(endpoint: string): Promise<Bank>
  /** transfers of several streams, each let in by the server, until the answer is called */
  write(): () => Promise<void>
  /** names of all accounts there are */
  accounts(): Promise<string[]>
  /** paths of the calls that changed anything at Azure since they were forgotten */
  changes(): string[]
  properties(): string
  /** the Secret that the release has its account's key from, and the others of the namespace */
  stored: StoredSecrets
  /** replicas of the release */
  replicas(): number
  /** what a user writes into the properties of the release */
  setProperties(text: string): void
  /** what the release is pointed to an account with */
  pointingTo(endpoint: string): string
  record(operation: string): OperationRecord | undefined
  /** one worker of an operation, from its beginning or from where an earlier one ended */
  worker(request: OperationRequest, signal?: AbortSignal): Promise<{ code: number; events: WorkerEvent[] }>
  /** one that is killed where its journal comes to a certain write; answers the code of one that was not */
  mortal(request: OperationRequest, dies: (moment: Moment) => boolean): Promise<number | 'killed'>
}

/** Opens it, with the bank's tables and data; ended with the test. */
export async function openRelease(t: Test): Promise<ReleaseStage> {
  const opened = await openAzure(t, {}, { retries: 5 })
  const { azure, client, tokenFilePath } = opened
  const { documentEndpoint = '' } = await createAccount(opened, 'ledger', {
    consistencyPolicy: { defaultConsistencyLevel: 'Strong' },
    ipRules: [{ ipAddressOrRange: '203.0.113.0/24' }],
  })
  const { primaryMasterKey: key = '' } = await client.databaseAccounts.listKeys(group, 'ledger')
  const folder = await mkdtemp(join(tmpdir(), 'release-stage-'))
  const file = join(folder, 'ledger.properties')
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  // As the kubelet and Workload Identity's webhook would set them.
  Object.assign(process.env, {
    [resourceManagerVariable]: azure.endpoint,
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_ID: clientId,
    AZURE_FEDERATED_TOKEN_FILE: tokenFilePath,
    AZURE_AUTHORITY_HOST: azure.endpoint,
    [keyVariable]: key,
  })
  const bankAt = async (endpoint: string) => {
    const name = /accounts\/([^/]+)/.exec(endpoint)?.[1] ?? ''
    const { primaryMasterKey = '' } = await client.databaseAccounts.listKeys(group, name)
    const bank = cosmosBank({
      connection: { account: endpoint, key: primaryMasterKey, metadataDatabase: 'scalardb', consistency: 'Strong' },
      tables: tablesOf('ledger'),
      assets: { namespace: 'scalar', name: 'asset' },
      fillBytes: 0,
    })
    t.teardown(() => bank.close())
    return bank
  }
  const bank = await bankAt(documentEndpoint)
  await bank.prepare()
  const server = await startLedger()
  t.teardown(() => server.stop())
  const cluster = inMemoryCluster([server.pod])
  let replicas = 1
  cluster.workloads = async () => [{ name: 'my-ledger', release: 'my-ledger', replicas, readyReplicas: replicas }]
  cluster.scale = async (_, to) => {
    if (stored.granted.size === 0) throw new Error('nobody stops a release that is pointed by hand')
    cluster.calls.push(`scale ${to}`)
    replicas = to
    cluster.pods = to === 0 ? [] : [server.pod]
  }
  const stored = storedSecrets()
  stored.put(keySecret, { [keyOf]: key })
  const secrets = kubernetesSecrets(stored.api, 'ns')
  const place = `${configMap.name}/${configMap.key}`
  const pointingTo = (endpoint: string) => cosmos(endpoint, { username: '', password: keyVariable })
  cluster.texts.set(place, pointingTo(documentEndpoint))
  const properties = () => cluster.texts.get(place) ?? ''
  const variables = [{ name: keyVariable, from: { kind: 'Secret' as const, name: keySecret, key: keyOf } }]
  const release = { name: 'my-ledger', app: 'ledger', properties: { file, envPrefix: '', configMap, variables } }
  const started = async (request: OperationRequest, own: Pick<WorkerContext, 'cluster' | 'events' | 'signal'>) => {
    // As the kubelet does it when the pod starts.
    await writeFile(file, properties())
    process.env[keyVariable] = stored.data(keySecret)?.[keyOf]
    const target = { ...request.target, releases: [release] }
    return await work({ ...request, target }, { ...own, secrets })
  }
  return {
    ...opened,
    cluster,
    server,
    bank,
    bankAt,
    write: () => writing(bank, server),
    async accounts() {
      const names: string[] = []
      for await (const one of client.databaseAccounts.list()) names.push(one.name ?? '')
      return names.sort()
    },
    changes: () =>
      azure
        .calls()
        .filter(
          ({ plane, method, action }) =>
            plane === 'management' && method !== 'GET' && !action.includes('retrieveContinuousBackupInformation'),
        )
        .map(({ method, path }) => `${method} ${path}`),
    properties,
    stored,
    replicas: () => replicas,
    setProperties: (text) => void cluster.texts.set(place, text),
    pointingTo,
    record: (operation) => cluster.recordsByName.get(operation),
    async worker(request, signal = new AbortController().signal) {
      const said: WorkerEvent[] = []
      const events = jsonLineEvents((line) => said.push(JSON.parse(line) as WorkerEvent))
      const code = await started(request, { cluster: asAnotherProcess(cluster), events, signal })
      return { code, events: said }
    },
    async mortal(request, dies) {
      const stop = new AbortController()
      const end = () => stop.abort(new Interrupted('killed'))
      const { cluster: ours, isDead } = mortalCluster(asAnotherProcess(cluster), { dies }, end)
      const events = jsonLineEvents(() => undefined)
      try {
        const code = await started(request, { cluster: ours, events, signal: stop.signal })
        return isDead() ? 'killed' : code
      } catch (error) {
        if (isDead()) return 'killed'
        throw error
      }
    },
  }
}

/** Numbers of the transfers go on where the last writing ended. */
const written = new WeakMap<Bank, Map<string, number>>()

function writing(bank: Bank, { gate }: Ledger): () => Promise<void> {
  const stop = new AbortController()
  const last = written.get(bank) ?? new Map<string, number>()
  written.set(bank, last)
  const streams = ['a', 'b', 'c'].map(async (stream) => {
    while (!stop.signal.aborted) {
      await gate.letIn()
      const number = (last.get(stream) ?? 0) + 1
      await bank.make(newTransfer(stream, number), { gapMs: 20, hurry: stop.signal })
      last.set(stream, number)
      gate.letOut()
    }
  })
  return async () => {
    stop.abort()
    await Promise.all(streams)
  }
}

const { kind: _, durationMs: __, ...paused } = pauseRequest()
const { pause: ___, ...common } = paused

export function backupRequest(name: string): RequestOf<'backup'> {
  return {
    ...common,
    kind: 'backup',
    operation: `backup-${name}`,
    pause: { drainMs: 5_000, maxPauseMs: 60_000, guard: false },
    pauseMode: 'auto',
    schemas: [],
    retries: 3,
    parallel: 1,
  }
}

export function restoreRequest(name: string, backup: string): RequestOf<'restore'> {
  return {
    ...common,
    kind: 'restore',
    operation: `restore-${name}`,
    backup: `backup-${backup}`,
    choice: { repoint: 'print' },
    dropPrevious: false,
    parallel: 1,
    readyMs: 5_000,
  }
}

export function undoRequest(name: string, restore: string): RequestOf<'undo'> {
  return { ...common, kind: 'undo', operation: `undo-${name}`, restore: `restore-${restore}`, readyMs: 5_000 }
}

export function deleteRequest(name: string, backup: string): RequestOf<'delete'> {
  return { ...common, kind: 'delete', operation: `delete-${name}`, backup: `backup-${backup}` }
}

export function dropRequest(name: string, restore: string): RequestOf<'drop'> {
  return { ...common, kind: 'drop', operation: `drop-${name}`, restore: `restore-${restore}` }
}

export function doctorRequest(name: string): RequestOf<'doctor'> {
  return { ...common, kind: 'doctor', operation: `doctor-${name}`, schemas: [] }
}
