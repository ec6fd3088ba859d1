import type { Test } from 'tap'
import type { JournalDocument } from '../../../../../operation/journal.ts'
import type { RestoreChoice } from '../../../../../operation/restore-options.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { until } from '../../../stand-ins/azure/clients.ts'
import { ask, availability, describeServer, done } from '../../../stand-ins/azure/flexible-servers.ts'
import { memoryJournal, noErrors } from '../database-conformance.ts'
import { killedAtEachWrite, neverMeet } from '../restored-beside.ts'
import { failureOf } from '../../failure-of.ts'
import { backedUp, openWorld, toldOf, type Tried } from './server-world.ts'

/** What must hold of restores of every service of flexible servers. */
export async function restoresServers(t: Test, tried: Tried): Promise<void> {
  const world = await openWorld(t, tried)
  let entry: DatabaseBackup
  t.before(async () => void (entry = await backedUp(world)))
  const told = (name: string) => toldOf(world, name, tried.path)
  const print: RestoreChoice = { repoint: 'print' }

  const open = (operation: string, choice: RestoreChoice = print, more: object = {}, backup = entry) =>
    tried.kind.openRestore(world.settings, backup, world.context(operation, { choice, ...more }))

  /** The server that a restore makes, by its own word. */
  const madeBy = (destination: ReturnType<typeof open>) =>
    String(destination.describe().details['id']).split('/').at(-1) ?? ''
  const beside = { open: (operation: string) => open(operation), madeBy, present: () => world.servers() }

  t.test('the new server is like the former in everything that a restore forgets', async (t) => {
    const before = await told(world.name)
    world.azure.forgetCalls()
    const destination = open('restore-a')
    noErrors(t, await destination.preflight())
    const { steps } = await destination.plan()
    t.match(steps[0], /restore the server ledger as of .* to the new server ledger-\d{12}-/)
    t.match(steps.join('\n'), /costs, .*Standard_E4ds_v[45] with 128 GiB .*standby\nstays: the server ledger /)
    await destination.load(await memoryJournal())
    const name = madeBy(destination)
    t.match(name, /^ledger-\d{12}-[0-9a-f]{6}$/)
    t.strictSame(await told(name), before)
    t.strictSame(destination.describe().details['differences'], [])
    t.strictSame(await told(world.name), before, 'the server in service is untouched')
    const [asked] = world.azure.calls().filter(({ method, account }) => method === 'PUT' && account === name)
    t.match(
      asked?.body,
      {
        tags: { team: 'ledger', 'kubectl-scalardl.dev-restore': 'restore-a' },
        identity: { type: 'UserAssigned' },
        properties: {
          createMode: 'PointInTimeRestore',
          [tried.time]: /:\d\d\.000Z$/,
          network: { publicNetworkAccess: 'Enabled' },
          dataEncryption: { type: 'AzureKeyVault' },
          backup: { geoRedundantBackup: 'Enabled' },
        },
      },
      'never open to others, nor with another key',
    )
    const lines = (await destination.instructions?.())?.join('\n') ?? ''
    t.match(lines, /contact_points=jdbc:\w+:\/\/127\.0\.0\.2:\d+\/(postgres)?\n/)
    t.match(lines, /flexible-server delete --name ledger --resource-group ledgers --subscription /)

    const former = destination.describe()
    const undo = tried.kind.openUndo(world.settings, entry, {
      ...world.context('restore-a', { choice: print }),
      former,
    })
    await undo.discard(await memoryJournal())
    t.strictSame(await world.servers(), ['ledger'])
  })

  t.test('a server that is another than was backed up is no restored one', async (t) => {
    const { version, ...settings } = Object(entry.details['settings']) as Record<string, never>
    const older = { ...entry, details: { ...entry.details, settings: { ...settings, version: '1' } } }
    const destination = open('restore-other', print, {}, older)
    const journal = await memoryJournal()
    t.match(await failureOf(destination.load(journal)), {
      what: /^server ledger-.* is not what was backed up$/,
      why: `version was "1", and is "${String(version)}"`,
    })
    await destination.discard(journal)
    t.strictSame(await world.servers(), ['ledger'])
  })

  t.test('two restores of one backup never meet', (t) => neverMeet(t, beside))

  t.test('killed at any write of the journal and run again: the same end, and no second server', async (t) => {
    const before = await told(world.name)
    world.azure.forgetCalls()
    const writes = 12
    await killedAtEachWrite(t, writes, beside, async (made, when) => t.strictSame(await told(made), before, when))
    const made = world.azure
      .calls()
      .filter(({ method, path, status }) => method === 'PUT' && /flexibleServers\/[^/]+$/.test(path) && status === 202)
      .map(({ account }) => account)
    t.equal(made.length, writes)
    t.equal(new Set(made).size, made.length, 'no server was asked for twice')
    t.strictSame(await world.servers(), ['ledger'])
  })

  t.test('lost answers, throttles, late servers and failing calls leave one server', async (t) => {
    world.azure.set({
      faults: [
        { action: '*/flexibleServers/write', method: 'PUT', effect: 'lost-answer', times: 1 },
        { action: '*/flexibleServers/write', method: 'PATCH', effect: 'lost-answer-500', times: 1 },
        { action: '*/firewallRules/write', effect: 'throttle', retryAfterS: 0, times: 2 },
        { action: '*/configurations/read', effect: 'unavailable', times: 1 },
        { action: '*/flexibleServers/read', effect: 'expired', skip: 3, times: 1 },
      ],
      phases: { serverAppearance: 300_000, restoreServer: 600_000 },
    })
    const destination = open('restore-faults')
    const journal = await memoryJournal()
    await destination.load(journal)
    world.azure.set({ faults: [], phases: { serverAppearance: 0 } })
    t.strictSame(await told(madeBy(destination)), await told(world.name))
    t.equal((await world.servers()).length, 2)
    await destination.discard(journal)
    t.strictSame(await world.servers(), ['ledger'])
  })

  t.test('a server that was asked for and is not to be seen yet is removed all the same', async (t) => {
    world.azure.set({ phases: { serverAppearance: 'held', restoreServer: 'held' } })
    const store: { document?: JournalDocument } = {}
    await t.rejects(open('restore-unseen').load(await memoryJournal(store, 2)), 'killed once it had asked')
    const name = madeBy(open('restore-unseen'))
    t.equal(await describeServer(world, name, tried.path), undefined)
    world.azure.forgetCalls()
    const removed = open('restore-unseen').discard(await memoryJournal(store))
    const looks = () => world.azure.calls().filter(({ account, method }) => account === name && method === 'GET')
    await until('the worker has looked', async () => looks().length > 0)
    world.azure.set({ phases: { serverAppearance: 0, restoreServer: 0 } })
    await removed
    const { body } = await ask(world, 'POST', availability(tried), { name, type: tried.service.type })
    t.match(body, { nameAvailable: true }, 'nothing comes of what was asked for')
  })

  t.test('a restore that Azure fails is told with its cause, and leaves nothing', async (t) => {
    world.azure.set({
      faults: [
        {
          action: '*/flexibleServers/write',
          effect: 'fail-operation',
          times: 1,
          error: { code: 'SubnetFull', message: 'The subnet has no address left.' },
        },
      ],
    })
    const destination = open('restore-failed')
    const journal = await memoryJournal()
    t.match(await failureOf(destination.load(journal)), { why: /SubnetFull: The subnet has no address left/ })
    world.azure.set({ faults: [] })
    await destination.discard(journal)
    t.strictSame(await world.servers(), ['ledger'])
  })

  t.test('a quota is told before anything is made', async (t) => {
    world.azure.set({ serverQuota: 1 })
    t.match(await failureOf(open('restore-quota').load(await memoryJournal())), { why: /QuotaExceeded.*Cores quota/ })
    world.azure.set({ serverQuota: undefined })
    t.strictSame(await world.servers(), ['ledger'])
  })

  t.test("a server of the name that is somebody else's is never touched", async (t) => {
    const name = madeBy(open('restore-taken'))
    await tried.create(world, name)
    const refused = async () => (await open('restore-taken').preflight()).filter(({ outcome }) => outcome === 'error')
    t.match(await refused(), [{ check: 'server to be made', message: /not of this restore/ }])
    const journal = await memoryJournal()
    const destination = open('restore-taken')
    t.match(await failureOf(destination.load(journal)), { why: /not of this restore/ })
    await destination.discard(journal)
    t.equal((await describeServer(world, name, tried.path))?.properties.state, 'Ready')
    await done(world, 'DELETE', `${tried.path}/${name}`)
    // Somebody whose servers this identity does not see.
    world.azure.set({ takenNames: [name] })
    t.match(await refused(), [{ check: 'server to be made', message: /somebody else in Azure has/ }])
    t.match(await failureOf(open('restore-taken').load(await memoryJournal())), { why: /somebody else in Azure has/ })
    world.azure.set({ takenNames: [] })
    t.strictSame(await world.servers(), ['ledger'])
  })

  t.test('a restore is refused before anything is touched, with its cause and its cure', async (t) => {
    world.azure.forgetCalls()
    const refused = async (choice: RestoreChoice, more: object = {}) =>
      (await open('restore-no', choice, more).preflight()).filter(({ outcome }) => outcome === 'error')
    t.match(await refused({ ...print, at: '2020-01-01T00:00:00Z', unproven: true }), [
      { check: 'recovery window', message: /outside the window of ledger, which is from .* to / },
    ])
    t.match(await refused({ ...print, at: '2020-01-01T00:00:00.500Z' }), [{ check: 'restore point' }])
    t.match(await refused(print, { dropPrevious: true }), [{ check: 'former server' }])
    const changes = world.azure
      .calls()
      .filter(({ plane, method, action }) => plane === 'management' && method !== 'GET' && !/checkName/.test(action))
    t.strictSame(changes, [])
    t.match(await failureOf(open('restore-no').checkDrop(await memoryJournal())), { next: /flexible-server delete/ })
  })

  t.test('a server that a release uses is not removed', async (t) => {
    const destination = open('restore-used')
    const journal = await memoryJournal()
    await destination.load(journal)
    const former = destination.describe()
    const later = { ...world.context('restore-used', { choice: print }), former }
    // By the host of the server, or by any other name that leads there.
    for (const host of ['127.0.0.2', '127.2']) {
      const pointed = world.settings.map((one) => ({
        ...one,
        contactPoints: one.contactPoints.replace('127.0.0.1', host),
      }))
      t.match(await failureOf(tried.kind.openUndo(pointed, entry, later).discard(await memoryJournal())), {
        why: 'a release uses it',
      })
    }
    await destination.discard(journal)
    t.strictSame(await world.servers(), ['ledger'])
  })

  t.test('a server that was deleted, and another of its name, are no past of a backup', async (t) => {
    await done(world, 'DELETE', `${tried.path}/${world.name}`)
    const refused = async () => (await open('restore-gone').preflight()).filter(({ outcome }) => outcome === 'error')
    t.match(await refused(), [{ check: 'recovery window', message: /is gone/ }])
    t.match(await failureOf(open('restore-gone').load(await memoryJournal())), { why: /is gone/ })
    t.match(await open('restore-gone').standing?.(entry), { state: 'lost' })
    await tried.create(world, world.name)
    t.match(await refused(), [{ check: 'recovery window', message: /another has its name/ }])
    t.match(await failureOf(open('restore-gone').load(await memoryJournal())), { why: /is gone/ })
  })
}
