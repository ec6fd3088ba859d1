import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import { work } from '../../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../../operation/event.ts'
import type { OperationRequest } from '../../../../../operation/request.ts'
import { openBank, type Bank } from '../../../../stand-ins/ledger/data/bank.ts'
import { newTransfer } from '../../../../stand-ins/ledger/data/transfer.ts'
import { singleStorage } from '../../../../stand-ins/ledger/release/release-properties.ts'
import { readSettings } from '../../../../stand-ins/ledger/settings.ts'
import type { ServersWithPast } from '../../../../stand-ins/postgresql/servers-with-a-past.ts'
import { openAzure, subscription, until } from '../../../stand-ins/azure/clients.ts'
import { describeServer, done, serverLogin, serverNames } from '../../../stand-ins/azure/flexible-servers.ts'
import { asAnotherProcess, inMemoryCluster } from '../../in-memory-cluster.ts'
import { startLedger } from '../../servers/ledgers.ts'
import { backupRequest, deleteRequest, doctorRequest, restoreRequest, undoRequest } from '../cosmos/release-stage.ts'
import { asPod, toldOf, type Tried } from './server-world.ts'

/** Operations on a Ledger on a flexible server through the whole worker, its data brought back by the server itself. */
export async function servesReleases(
  t: Test,
  tried: Tried,
  servers: ServersWithPast & { port: number },
): Promise<void> {
  // The log is in the backup half a second late, and the worker waits a second.
  const opened = await openAzure(t, { serverLogLagMs: 500_000 }, { database: servers })
  asPod(opened, 1_000)
  const { azure } = opened
  const host = (await tried.create(opened, 'ledger')).properties.fullyQualifiedDomainName ?? ''
  Object.assign(process.env, { RELEASE_USER: serverLogin.username, RELEASE_KEY: serverLogin.password })

  const folder = await mkdtemp(join(tmpdir(), `${tried.service.name}-release-`))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const configMap = { name: 'my-ledger-properties', key: 'ledger.properties' }
  const place = `${configMap.name}/${configMap.key}`
  const credentials = { username: 'RELEASE_USER', password: 'RELEASE_KEY' }
  const pointingTo = (to: string) =>
    singleStorage({ scheme: tried.scheme, server: `${to}:${servers.port}`, database: 'postgres' }, credentials)

  /** What a database holds, found as a user finds it. */
  async function bankAt(at: string): Promise<Bank> {
    const file = join(folder, `${at}.properties`)
    await writeFile(file, pointingTo(at))
    const bank = await openBank(readSettings({ ...process.env, STAND_IN_PROPERTIES: file }))
    t.teardown(() => bank.close())
    return bank
  }

  const bank = await bankAt(host)
  await bank.prepare()
  const server = await startLedger()
  t.teardown(() => server.stop())
  const cluster = inMemoryCluster([server.pod])
  let replicas = 1
  cluster.workloads = async () => [{ name: 'my-ledger', release: 'my-ledger', replicas, readyReplicas: replicas }]
  cluster.scale = async (_, to) => {
    cluster.calls.push(`scale ${to}`)
    replicas = to
    cluster.pods = to === 0 ? [] : [server.pod]
  }
  const scaled = () => cluster.calls.filter((call) => call.startsWith('scale '))
  cluster.texts.set(place, pointingTo(host))
  const file = join(folder, 'ledger.properties')
  const release = { name: 'my-ledger', app: 'ledger', properties: { file, envPrefix: '', configMap } }
  const record = (operation: string) => cluster.recordsByName.get(operation)
  const failureIn = (operation: string) => JSON.stringify(record(operation)?.failure)
  const madeBy = (operation: string) => {
    const { id, host: made } = record(operation)?.restore?.databases[0]?.details ?? {}
    return { name: String(id).split('/').at(-1) ?? '', host: String(made) }
  }

  /** One worker of an operation. */
  async function worker(request: OperationRequest): Promise<number> {
    await writeFile(file, cluster.texts.get(place) ?? '')
    const said: WorkerEvent[] = []
    const events = jsonLineEvents((line) => said.push(JSON.parse(line) as WorkerEvent))
    const target = { ...request.target, releases: [release] }
    const { signal } = new AbortController()
    return await work({ ...request, target }, { cluster: asAnotherProcess(cluster), events, signal })
  }

  /** As `--managed` asks for it; a restore has it from its backup. */
  const onAzure = <R extends OperationRequest>(request: R): R => ({
    ...request,
    target: {
      ...request.target,
      databases: { managed: tried.service.name, own: { 'azure-subscription': subscription } },
    },
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

  async function writeSome(): Promise<void> {
    const stop = write()
    const before = last
    await until('some is written', async () => last > before + 3)
    await stop()
  }

  t.test('a doctor looks, and changes nothing', async (t) => {
    azure.forgetCalls()
    t.equal(await worker(onAzure(doctorRequest('a'))), 0, failureIn('doctor-a'))
    const changes = azure.calls().filter(({ plane, method }) => plane === 'management' && method !== 'GET')
    t.strictSame(changes, [])
  })

  t.test('a backup amid writing: one window, one point in it, restorable, and no dump', async (t) => {
    const stop = write()
    const before = last
    await until('some is written', async () => last > before + 3)
    const code = await worker(onAzure({ ...backupRequest('a'), pauseMode: 'always' }))
    await stop()
    t.equal(code, 0, failureIn('backup-a'))
    const made = record('backup-a')
    t.match(made, {
      state: 'succeeded',
      stillPaused: { length: 0 },
      backup: { state: 'restorable', databases: [{ kind: tried.service.name, storages: ['ledger/default'] }] },
    })
    const window = made?.windows.at(-1)
    t.equal(window?.verdict, 'valid')
    const point = made?.backup?.restorePoint ?? ''
    t.equal(made?.backup?.databases[0]?.snapshotAt, point)
    t.ok(
      point >= (window?.allPausedAt ?? 'none') && point <= (window?.unpauseSentAt ?? ''),
      'the point is in the pause',
    )
    t.notMatch(JSON.stringify(made), serverLogin.password)
  })

  t.test('a server with everything is backed up without a pause, and the record says so', async (t) => {
    t.equal(await worker(onAzure(backupRequest('alone'))), 0, failureIn('backup-alone'))
    t.match(record('backup-alone'), {
      windows: { length: 0 },
      backup: { state: 'restorable', pause: { paused: false, why: /one transactional database/ } },
    })
  })

  t.test('a restore makes a server that holds the state of the pause; the release serves on', async (t) => {
    await writeSome()
    await bank.damage()
    const damaged = await bank.check()
    t.equal(damaged.holds, false)
    t.equal(await worker(restoreRequest('a', 'a')), 0, failureIn('restore-a'))
    const made = madeBy('restore-a')
    const found = await (await bankAt(made.host)).check()
    t.strictSame(found.problems, [], 'the new server holds one consistent state')
    t.ok(Number(found.details.states) > 0 && Number(found.details.states) < Number(damaged.details.states))
    t.strictSame(await bank.check(), damaged, 'the server in service is untouched')
    t.strictSame(await toldOf(opened, made.name, tried.path), await toldOf(opened, 'ledger', tried.path))
    t.equal(cluster.texts.get(place), pointingTo(host))
    t.strictSame(scaled(), [])
    const lines = record('restore-a')?.restore?.wayBack.join('\n') ?? ''
    t.match(lines, new RegExp(`jdbc:\\w+://${made.host}:`))
    t.match(lines, /restore restore-a .*--undo/)
    t.match(record('restore-a')?.restore, {
      serving: 'previous',
      databases: [{ state: 'loaded', kind: tried.service.name }],
    })
  })

  t.test('what a release uses is not undone, and what none uses any more is removed', async (t) => {
    const made = madeBy('restore-a')
    cluster.texts.set(place, pointingTo(made.host))
    t.equal(await worker(undoRequest('used', 'a')), 1)
    t.match(failureIn('undo-used'), /a release uses it/)
    cluster.texts.set(place, pointingTo(host))
    t.equal(await worker(undoRequest('a', 'a')), 0, failureIn('undo-a'))
    t.equal(await describeServer(opened, made.name, tried.path), undefined)
  })

  t.test('patch: the release serves from the new server, and its undo puts back what was there', async (t) => {
    t.equal(
      await worker({ ...restoreRequest('patched', 'a'), choice: { repoint: 'patch' } }),
      0,
      failureIn('restore-patched'),
    )
    const made = madeBy('restore-patched')
    t.match(record('restore-patched')?.restore, {
      serving: 'restored',
      databases: [{ state: 'in-service', previous: 'server ledger' }],
    })
    t.equal(cluster.texts.get(place), pointingTo(made.host))
    t.strictSame(scaled(), ['scale 0', 'scale 1'])
    t.strictSame((await (await bankAt(made.host)).check()).problems, [])
    await done(opened, 'POST', `${tried.path}/ledger/stop`)
    t.equal(await worker(undoRequest('stopped', 'patched')), 1)
    t.match(failureIn('undo-stopped'), /ledger is Stopped/)
    t.strictSame(scaled(), ['scale 0', 'scale 1'], 'the release serves on')
    t.equal(cluster.texts.get(place), pointingTo(made.host))
    await done(opened, 'POST', `${tried.path}/ledger/start`)
    t.equal(await worker(undoRequest('patched', 'patched')), 0, failureIn('undo-patched'))
    t.equal(cluster.texts.get(place), pointingTo(host))
    t.equal(replicas, 1)
    t.ok((await serverNames(opened, tried.path)).includes('ledger'))
  })

  t.test('a backup is deleted by its record alone: the past is kept by the service', async (t) => {
    azure.forgetCalls()
    t.equal(await worker(deleteRequest('alone', 'alone')), 0, failureIn('delete-alone'))
    const changes = azure.calls().filter(({ plane, method }) => plane === 'management' && method !== 'GET')
    t.strictSame(changes, [])
  })
}
