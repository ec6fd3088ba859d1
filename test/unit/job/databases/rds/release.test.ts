import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { scaleRates } from '../../../../../job/aws/rate-limits.ts'
import { Interrupted } from '../../../../../job/process/interrupted.ts'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import { work } from '../../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../../operation/event.ts'
import type { OperationRequest } from '../../../../../operation/request.ts'
import { postgresqlServers } from '../../../../stand-ins/postgresql/servers-with-a-past.ts'
import { openBank, type Bank } from '../../../../stand-ins/ledger/data/bank.ts'
import { newTransfer } from '../../../../stand-ins/ledger/data/transfer.ts'
import { singleStorage } from '../../../../stand-ins/ledger/release/release-properties.ts'
import { readSettings } from '../../../../stand-ins/ledger/settings.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import {
  createInstance,
  describe,
  masterLogin,
  openRds,
  restorable,
  unusual,
} from '../../../stand-ins/aws/instances.ts'
import { asAnotherProcess, inMemoryCluster } from '../../in-memory-cluster.ts'
import { startLedger } from '../../servers/ledgers.ts'
import { backupRequest, deleteRequest, doctorRequest, restoreRequest, undoRequest } from '../cosmos/release-stage.ts'
import { pointSdk, toldOf } from './instance-world.ts'

// Operations on a Ledger in an instance of RDS through the whole worker, its data brought back by PostgreSQL itself.

scaleRates(20)
const servers = await postgresqlServers()
t.teardown(() => servers.stop())
const { aws, client } = await openRds(t, { restorableLagMs: 500 }, servers)
pointSdk(aws)
const { Endpoint } = await createInstance(client, 'ledger', unusual)
await restorable(client, 'ledger', new Date(0))
Object.assign(process.env, {
  RELEASE_USER: masterLogin.MasterUsername,
  RELEASE_KEY: masterLogin.MasterUserPassword,
})

const folder = await mkdtemp(join(tmpdir(), 'rds-release-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const configMap = { name: 'my-ledger-properties', key: 'ledger.properties' }
const place = `${configMap.name}/${configMap.key}`
const credentials = { username: 'RELEASE_USER', password: 'RELEASE_KEY' }
const pointingTo = (host: string) =>
  singleStorage({ scheme: 'postgresql', server: `${host}:${Endpoint?.Port}`, database: 'postgres' }, credentials)

/** What a database holds, found as a user finds it. */
async function bankAt(host: string): Promise<Bank> {
  const file = join(folder, `${host}.properties`)
  await writeFile(file, pointingTo(host))
  const bank = await openBank(readSettings({ ...process.env, STAND_IN_PROPERTIES: file }))
  t.teardown(() => bank.close())
  return bank
}

const host = Endpoint?.Address ?? ''
const bank = await bankAt(host)
await bank.prepare()
const server = await startLedger()
t.teardown(() => server.stop())
const cluster = inMemoryCluster([server.pod])
cluster.workloads = async () => [{ name: 'my-ledger', release: 'my-ledger', replicas: 1, readyReplicas: 1 }]
cluster.scale = async () => {
  throw new Error('nobody stops a release that is pointed by hand')
}
cluster.texts.set(place, pointingTo(host))
const file = join(folder, 'ledger.properties')
const release = { name: 'my-ledger', app: 'ledger', properties: { file, envPrefix: '', configMap } }
const record = (operation: string) => cluster.recordsByName.get(operation)
const failureIn = (operation: string) => JSON.stringify(record(operation)?.failure)

/** One worker of an operation, from its beginning or from where an earlier one ended. */
async function worker(request: OperationRequest, signal = new AbortController().signal): Promise<number> {
  await writeFile(file, cluster.texts.get(place) ?? '')
  const said: WorkerEvent[] = []
  const events = jsonLineEvents((line) => said.push(JSON.parse(line) as WorkerEvent))
  const target = { ...request.target, releases: [release] }
  return await work({ ...request, target }, { cluster: asAnotherProcess(cluster), events, signal })
}

/** As `--managed rds` asks for it; a restore has it from its backup. */
const onRds = <R extends OperationRequest>(request: R): R => ({
  ...request,
  target: { ...request.target, databases: { managed: 'rds' } },
})

let last = 0
/** Transfers, each let in by the server, until the answer is called. */
function write(): () => Promise<void> {
  const stop = new AbortController()
  const writing = async () => {
    while (!stop.signal.aborted) {
      await server.gate.letIn()
      await bank.make(newTransfer('a', last + 1), { gapMs: 20, hurry: stop.signal })
      last += 1
      server.gate.letOut()
    }
  }
  const done = writing()
  return async () => {
    stop.abort()
    await done
  }
}

t.test('a doctor looks, and changes nothing', async (t) => {
  t.equal(await worker(onRds(doctorRequest('a'))), 0, failureIn('doctor-a'))
})

t.test('a backup amid writing: one window, one point in it, restorable, and no dump', async (t) => {
  const stop = write()
  const before = last
  await until('some is written', async () => last > before + 3)
  const code = await worker(onRds({ ...backupRequest('a'), pauseMode: 'always' }))
  await stop()
  t.equal(code, 0, failureIn('backup-a'))
  const made = record('backup-a')
  t.match(made, {
    state: 'succeeded',
    stillPaused: { length: 0 },
    backup: { state: 'restorable', databases: [{ kind: 'rds', storages: ['ledger/default'] }] },
  })
  const window = made?.windows.at(-1)
  t.equal(window?.verdict, 'valid')
  const point = made?.backup?.restorePoint ?? ''
  t.equal(made?.backup?.databases[0]?.snapshotAt, point)
  t.ok(point >= (window?.allPausedAt ?? 'none') && point <= (window?.unpauseSentAt ?? ''), 'the point is in the pause')
  t.notMatch(JSON.stringify(made), masterLogin.MasterUserPassword)
})

t.test('one instance with everything is backed up without a pause, and the record says so', async (t) => {
  t.equal(await worker(onRds(backupRequest('alone'))), 0, failureIn('backup-alone'))
  t.match(record('backup-alone'), {
    windows: { length: 0 },
    backup: { state: 'restorable', pause: { paused: false, why: /one transactional database/ } },
  })
})

t.test('told to end once the point is fixed: another worker goes on with the same point', async (t) => {
  // The preflight is answered once, and the wait for the point not at all.
  aws.set({ faults: [{ operation: 'DescribeDBInstanceAutomatedBackups', effect: 'throttle', skip: 1 }] })
  const stop = new AbortController()
  const first = worker(onRds(backupRequest('handed-on')), stop.signal)
  await until('the point is recorded', async () => record('backup-handed-on')?.backup?.state === 'recorded')
  stop.abort(new Interrupted('SIGTERM'))
  t.equal(await first, 143)
  const point = record('backup-handed-on')?.backup?.restorePoint
  aws.set({ faults: [] })
  t.equal(await worker(onRds(backupRequest('handed-on'))), 0, failureIn('backup-handed-on'))
  t.match(record('backup-handed-on')?.backup, { state: 'restorable', restorePoint: point })
})

t.test('a restore makes an instance that holds the state of the pause; the release serves on', async (t) => {
  const stop = write()
  const before = last
  await until('more is written', async () => last > before + 3)
  await stop()
  await bank.damage()
  const damaged = await bank.check()
  t.equal(damaged.holds, false)
  t.equal(await worker(restoreRequest('a', 'a')), 0, failureIn('restore-a'))
  const { instance, host: restoredHost } = record('restore-a')?.restore?.databases[0]?.details ?? {}
  const restored = await bankAt(String(restoredHost))
  const found = await restored.check()
  t.strictSame(found.problems, [], 'the new instance holds one consistent state')
  t.ok(Number(found.details.states) > 0 && Number(found.details.states) < Number(damaged.details.states))
  t.strictSame(await bank.check(), damaged, 'the instance in service is untouched')
  t.strictSame(await toldOf({ client }, String(instance)), await toldOf({ client }, 'ledger'))
  t.equal(cluster.texts.get(place), pointingTo(host))
  const lines = record('restore-a')?.restore?.wayBack.join('\n') ?? ''
  t.match(lines, new RegExp(`scalar.db.contact_points=jdbc:postgresql://${String(restoredHost)}:`))
  t.match(lines, /restore restore-a .*--undo/)
  t.match(record('restore-a')?.restore, { serving: 'previous', databases: [{ state: 'loaded', kind: 'rds' }] })
})

t.test('what a release uses is not undone, and what none uses any more is removed', async (t) => {
  const { instance = '', host: restoredHost } = record('restore-a')?.restore?.databases[0]?.details ?? {}
  cluster.texts.set(place, pointingTo(String(restoredHost)))
  t.equal(await worker(undoRequest('used', 'a')), 1)
  t.match(failureIn('undo-used'), /a release uses it/)
  cluster.texts.set(place, pointingTo(host))
  t.equal(await worker(undoRequest('a', 'a')), 0, failureIn('undo-a'))
  t.equal(await describe(client, String(instance)), undefined)
})

t.test('a backup is deleted by its record alone: the past is kept by the service', async (t) => {
  aws.forgetCalls()
  t.equal(await worker(deleteRequest('alone', 'alone')), 0, failureIn('delete-alone'))
  t.strictSame(
    aws.calls().filter(({ operation }) => !operation.startsWith('Describe')),
    [],
  )
})
