import t from 'tap'
import { Interrupted } from '../../../../../job/process/interrupted.ts'
import type { OperationRequest } from '../../../../../operation/request.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import { describe, masterLogin } from '../../../stand-ins/aws/instances.ts'
import { backupRequest, deleteRequest, doctorRequest, restoreRequest, undoRequest } from '../cosmos/release-stage.ts'
import { toldOf } from './instance-world.ts'
import { onRds, openRelease } from './release-stage.ts'

// Operations on a Ledger in an instance of RDS through the whole worker.

const stage = await openRelease(t)
const { aws, bank, bankAt, client, failureIn, host, pointingTo, record, write } = stage
const codeOf = async (request: OperationRequest, signal?: AbortSignal) => (await stage.worker(request, signal)).code

t.test('a doctor looks, and changes nothing', async (t) => {
  t.equal(await codeOf(onRds(doctorRequest('a'))), 0, failureIn('doctor-a'))
})

t.test('a backup amid writing: one window, one point in it, restorable, and no dump', async (t) => {
  const stop = write()
  const before = stage.written()
  await until('some is written', async () => stage.written() > before + 3)
  const code = await codeOf(onRds({ ...backupRequest('a'), pauseMode: 'always' }))
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
  t.equal(await codeOf(onRds(backupRequest('alone'))), 0, failureIn('backup-alone'))
  t.match(record('backup-alone'), {
    windows: { length: 0 },
    backup: { state: 'restorable', pause: { paused: false, why: /one transactional database/ } },
  })
})

t.test('told to end once the point is fixed: another worker goes on with the same point', async (t) => {
  // The preflight is answered once, and the wait for the point not at all.
  aws.set({ faults: [{ operation: 'DescribeDBInstanceAutomatedBackups', effect: 'throttle', skip: 1 }] })
  const stop = new AbortController()
  const first = codeOf(onRds(backupRequest('handed-on')), stop.signal)
  await until('the point is recorded', async () => record('backup-handed-on')?.backup?.state === 'recorded')
  stop.abort(new Interrupted('SIGTERM'))
  t.equal(await first, 143)
  const point = record('backup-handed-on')?.backup?.restorePoint
  aws.set({ faults: [] })
  t.equal(await codeOf(onRds(backupRequest('handed-on'))), 0, failureIn('backup-handed-on'))
  t.match(record('backup-handed-on')?.backup, { state: 'restorable', restorePoint: point })
})

t.test('a restore makes an instance that holds the state of the pause; the release serves on', async (t) => {
  const stop = write()
  const before = stage.written()
  await until('more is written', async () => stage.written() > before + 3)
  await stop()
  await bank.damage()
  const damaged = await bank.check()
  t.equal(damaged.holds, false)
  t.equal(await codeOf(restoreRequest('a', 'a')), 0, failureIn('restore-a'))
  const { instance, host: restoredHost } = record('restore-a')?.restore?.databases[0]?.details ?? {}
  const restored = await bankAt(String(restoredHost))
  const found = await restored.check()
  t.strictSame(found.problems, [], 'the new instance holds one consistent state')
  t.ok(Number(found.details.states) > 0 && Number(found.details.states) < Number(damaged.details.states))
  t.strictSame(await bank.check(), damaged, 'the instance in service is untouched')
  t.strictSame(await toldOf({ client }, String(instance)), await toldOf({ client }, 'ledger'))
  t.equal(stage.properties(), pointingTo(host))
  const lines = record('restore-a')?.restore?.wayBack.join('\n') ?? ''
  t.match(lines, new RegExp(`scalar.db.contact_points=jdbc:postgresql://${String(restoredHost)}:`))
  t.match(lines, /restore restore-a .*--undo/)
  t.match(record('restore-a')?.restore, { serving: 'previous', databases: [{ state: 'loaded', kind: 'rds' }] })
})

t.test('what a release uses is not undone, and what none uses any more is removed', async (t) => {
  const { instance = '', host: restoredHost } = record('restore-a')?.restore?.databases[0]?.details ?? {}
  stage.setProperties(pointingTo(String(restoredHost)))
  t.equal(await codeOf(undoRequest('used', 'a')), 1)
  t.match(failureIn('undo-used'), /a release uses it/)
  stage.setProperties(pointingTo(host))
  t.equal(await codeOf(undoRequest('a', 'a')), 0, failureIn('undo-a'))
  t.equal(await describe(client, String(instance)), undefined)
})

t.test('a backup is deleted by its record alone: the past is kept by the service', async (t) => {
  aws.forgetCalls()
  t.equal(await codeOf(deleteRequest('alone', 'alone')), 0, failureIn('delete-alone'))
  t.strictSame(
    aws.calls().filter(({ operation }) => !operation.startsWith('Describe')),
    [],
  )
})
