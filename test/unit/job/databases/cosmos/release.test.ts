import t from 'tap'
import { Interrupted } from '../../../../../job/process/interrupted.ts'
import { backupActions, restoreActions } from '../../../../../job/databases/cosmos/rights-needed.ts'
import { clientId, dataClient, group, soon, tenant, until } from '../../../stand-ins/azure/clients.ts'
import { newTransfer } from '../../../../stand-ins/ledger/data/transfer.ts'
import {
  backupRequest,
  deleteRequest,
  doctorRequest,
  dropRequest,
  openRelease,
  restoreRequest,
  undoRequest,
  type ReleaseStage,
} from './release-stage.ts'

// Every operation on a Ledger on Cosmos DB through the whole worker, over one backup that was made amid writing.

const stage = await openRelease(t)
const { azure, bank, server } = stage
const inService = stage.properties()

/** What a restore recorded of the account that it made. */
const madeBy = ({ record }: ReleaseStage, restore: string) => {
  const details = record(restore)?.restore?.databases[0]?.details ?? {}
  return { name: String(details['account']).split('/').at(-1) ?? '', endpoint: String(details['endpoint']) }
}

const failureIn = (operation: string) => JSON.stringify(stage.record(operation)?.failure)

/** How many transfers the account in service has that were committed before a moment. */
async function committedBy(point = ''): Promise<number> {
  const states = (await dataClient(t, stage, 'ledger')).database('coordinator').container('state')
  const { resources } = await states.items.readAll<{ values: { tx_created_at: number } }>().fetchAll()
  return resources.filter(({ values }) => values.tx_created_at < Date.parse(point)).length
}

t.test('a backup amid writing: one window, one point in it, restorable, and nothing changed at Azure', async (t) => {
  const stop = stage.write()
  await until('each stream has written', async () => Object.keys((await bank.check()).details.streams).length === 3)
  azure.forgetCalls()
  const { code } = await stage.worker(backupRequest('a'))
  await stop()
  t.equal(code, 0, failureIn('backup-a'))
  const record = stage.record('backup-a')
  t.match(record, {
    state: 'succeeded',
    stillPaused: { length: 0 },
    backup: { state: 'restorable', databases: [{ kind: 'cosmos', storages: ['ledger/default'] }] },
  })
  const window = record?.windows.at(-1)
  t.equal(window?.verdict, 'valid')
  const point = record?.backup?.restorePoint ?? ''
  t.equal(record?.backup?.databases[0]?.snapshotAt, point)
  t.ok(point >= (window?.allPausedAt ?? 'none') && point <= (window?.unpauseSentAt ?? ''), 'the point is in the pause')
  t.ok(server.gate.isOpen)
  t.strictSame(stage.changes(), [])
})

t.test(
  'told to end once the point is fixed: another worker goes on with the same point, and pauses nothing',
  async (t) => {
    azure.set({ restorableLagMs: 600_000_000 })
    const [stop, paused] = [new AbortController(), server.log.length]
    const first = stage.worker(backupRequest('handed-on'), stop.signal)
    const record = () => stage.record('backup-handed-on')
    await until('the point is recorded', async () => record()?.backup?.state === 'recorded')
    stop.abort(new Interrupted('SIGTERM'))
    t.equal((await first).code, 143)
    const [point, log] = [record()?.backup?.restorePoint, server.log.length]
    t.ok(log > paused)
    azure.set({ restorableLagMs: 100_000 })
    t.equal((await stage.worker(backupRequest('handed-on'))).code, 0, failureIn('backup-handed-on'))
    t.match(record(), { windows: { length: 1 }, backup: { state: 'restorable', restorePoint: point } })
    t.equal(server.log.length, log)
  },
)

t.test('a restore makes an account that holds the state of the pause; the release serves on', async (t) => {
  const { states: before = 0 } = (await bank.check()).details
  const stop = stage.write()
  await until('more is written', async () => ((await bank.check()).details.states ?? 0) > before + 3)
  await stop()
  await bank.damage()
  const damaged = await bank.check()
  t.equal(damaged.holds, false)

  const { code, events } = await stage.worker(restoreRequest('a', 'a'))
  t.equal(code, 0, failureIn('restore-a'))
  const { name, endpoint } = madeBy(stage, 'restore-a')
  t.strictSame(await stage.accounts(), ['ledger', name])
  const restored = await (await stage.bankAt(endpoint)).check()
  t.strictSame(restored.problems, [], 'the new account holds one consistent state')
  const then = await committedBy(stage.record('backup-a')?.backup?.restorePoint)
  t.equal(restored.details.states, then, 'exactly what was committed at the point')
  t.ok(then > 0 && then < (damaged.details.states ?? 0), 'which lies amid the writing')
  t.strictSame(await bank.check(), damaged, 'the account in service is untouched')
  t.equal(stage.properties(), inService)
  t.match(stage.record('restore-a')?.restore, {
    serving: 'previous',
    databases: [{ state: 'loaded', kind: 'cosmos', details: { differences: { length: 0 } } }],
  })
  const lines = stage.record('restore-a')?.restore?.wayBack.join('\n') ?? ''
  t.match(lines, new RegExp(`scalar.db.contact_points=${endpoint}`))
  t.match(lines, new RegExp(`az cosmosdb keys list --name ${name} `))
  t.match(lines, /once nobody needs the former account: az cosmosdb delete --name ledger --resource-group ledgers/)
  t.match(lines, /restore restore-a .*--undo/)
  const told = events.flatMap(({ level, message }) => (level === 'warning' || level === 'error' ? [message] : []))
  t.strictSame(
    told.filter((line) => !/nobody vouches for backup-a/.test(line)),
    [],
  )
})

t.test('a release that uses the new account keeps it, is checked and backed up like the former', async (t) => {
  const { name, endpoint } = madeBy(stage, 'restore-a')
  const restored = await stage.bankAt(endpoint)
  await restored.make(newTransfer('after', 1), { gapMs: 0, hurry: AbortSignal.timeout(30_000) })
  t.match(await restored.check(), { holds: true, details: { streams: { after: 1 } } }, 'its procedures work')
  stage.setProperties(stage.pointingTo(endpoint))
  t.equal((await stage.worker(undoRequest('early', 'a'))).code, 1)
  t.match(stage.record('undo-early')?.failure, { why: /a release uses it/, next: /point the release/ })
  t.equal((await stage.worker(doctorRequest('new'))).code, 0, failureIn('doctor-new'))
  t.equal((await stage.worker(backupRequest('new'))).code, 0, failureIn('backup-new'))
  t.match(stage.record('backup-new')?.backup, { state: 'restorable', databases: [{ title: new RegExp(name) }] })
  stage.setProperties(inService)
  t.strictSame(await stage.accounts(), ['ledger', name])
})

t.test('the former account is deleted by nobody here', async (t) => {
  azure.forgetCalls()
  t.equal((await stage.worker(dropRequest('a', 'a'))).code, 1)
  t.equal((await stage.worker({ ...restoreRequest('drop', 'a'), dropPrevious: true })).code, 1)
  t.match(stage.record('restore-drop')?.failure, { why: /never deleted by a restore/, next: /omit --drop-previous/ })
  t.strictSame(stage.changes(), [])
})

t.test('its undo removes the new account, and no other', async (t) => {
  t.equal((await stage.worker(undoRequest('a', 'a'))).code, 0, failureIn('undo-a'))
  t.strictSame(await stage.accounts(), ['ledger'])
  t.match(stage.record('restore-a')?.restore, {
    serving: 'previous',
    databases: [{ state: 'discarded' }],
    wayBack: { length: 0 },
  })
  t.equal((await stage.worker(undoRequest('again', 'a'))).code, 1)
  t.match(stage.record('undo-again')?.failure, { what: /nothing to do/ })
})

t.test('told to end amid the restore, and run again: the same end, and no second account', async (t) => {
  azure.forgetCalls()
  azure.set({ phases: { restore: 'held' } })
  const stop = new AbortController()
  const first = stage.worker(restoreRequest('b', 'a'), stop.signal)
  await until('the account is being made', async () => (await stage.accounts()).length === 2)
  stop.abort(new Interrupted('SIGTERM'))
  t.equal((await first).code, 143)
  t.match(stage.record('restore-b'), { state: 'running', finishedAt: undefined })
  const [, name] = await stage.accounts()

  azure.set({ phases: { restore: 100, writeResource: 'held' } })
  const again = new AbortController()
  const second = stage.worker(restoreRequest('b', 'a'), again.signal)
  const isPut = (what: string) => stage.changes().some((call) => call.startsWith('PUT') && call.includes(what))
  await until('it is being completed', async () => isPut(`/${name}/sqlDatabases/`))
  again.abort(new Interrupted('SIGTERM'))
  t.equal((await second).code, 143)
  t.match(stage.record('restore-b'), { state: 'running', finishedAt: undefined })

  azure.set({ phases: { writeResource: 30_000 } })
  t.equal((await stage.worker(restoreRequest('b', 'a'))).code, 0, failureIn('restore-b'))
  t.strictSame(await stage.accounts(), ['ledger', name])
  t.equal(stage.changes().filter((call) => call === `PUT ${pathOf(name)}`).length, 1, 'it was asked for once')
  const { endpoint } = madeBy(stage, 'restore-b')
  t.strictSame((await (await stage.bankAt(endpoint)).check()).problems, [])
  t.equal((await stage.worker(undoRequest('b', 'b'))).code, 0, failureIn('undo-b'))
  t.strictSame(await stage.accounts(), ['ledger'])
})

t.test('cancelled amid the restore: nobody waits for Azure, and an undo removes the account', async (t) => {
  azure.set({ phases: { restore: 'held' } })
  const stop = new AbortController()
  const cancelled = stage.worker(restoreRequest('c', 'a'), stop.signal)
  await until('the account is being made', async () => (await stage.accounts()).length === 2)
  stage.cluster.suspended = true
  stop.abort(new Interrupted('SIGTERM'))
  t.not((await cancelled).code, 0)
  stage.cluster.suspended = false
  t.match(stage.record('restore-c'), { state: 'cancelled', restore: { serving: 'previous' } })
  t.equal((await stage.accounts()).length, 2)
  azure.set({ phases: { restore: 100 } })
  t.equal((await stage.worker(undoRequest('c', 'c'))).code, 0, failureIn('undo-c'))
  t.strictSame(await stage.accounts(), ['ledger'])
})

t.test('without the rights to restore: a backup warns, a restore is refused and touches nothing', async (t) => {
  const only = (actions: readonly string[]) =>
    azure.set({
      identities: {
        [clientId]: { tenant, roles: [{ actions: ['Microsoft.Authorization/permissions/read', ...actions] }] },
      },
    })
  azure.forgetCalls()
  only(backupActions)
  t.equal((await stage.worker(doctorRequest('poor'))).code, 0, failureIn('doctor-poor'))
  const rights = ({ check }: { check: string }) => check === 'rights to restore'
  t.match(stage.record('doctor-poor')?.findings?.filter(rights), [
    { outcome: 'warning', message: /missing: .*databaseAccounts\/write/ },
  ])
  t.equal((await stage.worker(restoreRequest('poor', 'a'))).code, 1)
  t.match(stage.record('restore-poor'), {
    failure: {
      what: /was not begun, nothing was touched/,
      why: /rights at Azure.*missing: .*restorableDatabaseAccounts\/restore\/action/,
      next: /docs\/databases\/cosmos.md/,
    },
    restore: { serving: 'previous' },
  })
  // One alone is missed as well, and named.
  only([...backupActions, ...restoreActions].filter((action) => !action.endsWith('/triggers/write')))
  t.equal((await stage.worker(restoreRequest('poorer', 'a'))).code, 1)
  t.match(stage.record('restore-poorer')?.failure, { why: /missing: \S+\/containers\/triggers\/write$/ })
  only([...backupActions, ...restoreActions])
  t.equal((await stage.worker(doctorRequest('rich'))).code, 0, failureIn('doctor-rich'))
  t.match(stage.record('doctor-rich')?.findings?.filter(rights), [{ outcome: 'ok' }])
  azure.set({ identities: undefined })
  t.strictSame(stage.changes(), [])
  t.strictSame(await stage.accounts(), ['ledger'])
  t.equal((await stage.worker(undoRequest('poor', 'poor'))).code, 1, 'it left nothing to undo')
})

t.test('an account that was deleted with all its data comes back', async (t) => {
  const then = await committedBy(stage.record('backup-handed-on')?.backup?.restorePoint)
  await stage.client.databaseAccounts.delete(group, 'ledger', soon)
  t.strictSame(await stage.accounts(), [])
  t.equal((await stage.worker(doctorRequest('lost'))).code, 1)
  t.match(stage.record('doctor-lost')?.failure, { why: /accounts\/ledger was not found/ })
  t.equal((await stage.worker(restoreRequest('lost', 'handed-on'))).code, 0, failureIn('restore-lost'))
  const { name, endpoint } = madeBy(stage, 'restore-lost')
  t.strictSame(await stage.accounts(), [name])
  const restored = await (await stage.bankAt(endpoint)).check()
  t.strictSame(restored.problems, [])
  t.equal(restored.details.states, then)
  stage.setProperties(stage.pointingTo(endpoint))
})

t.test('a backup is deleted: nothing of the account is, and it is not restored any more', async (t) => {
  azure.forgetCalls()
  t.equal((await stage.worker(deleteRequest('a', 'a'))).code, 0, failureIn('delete-a'))
  t.strictSame(stage.changes(), [])
  t.match(stage.record('backup-a')?.backup?.databases, [{ standing: { state: 'in doubt', by: 'delete-a' } }])
  t.equal((await stage.worker(doctorRequest('last'))).code, 0, failureIn('doctor-last'))
})

function pathOf(name = ''): string {
  return azure.calls().find(({ account, path }) => account === name && path.endsWith(`/${name}`))?.path ?? ''
}
