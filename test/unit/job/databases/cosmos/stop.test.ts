import t from 'tap'
import { cosmos } from '../../../../../job/databases/cosmos/cosmos.ts'
import { memoryJournal } from '../database-conformance.ts'
import { failureOf } from '../../failure-of.ts'
import { until } from '../../../stand-ins/azure/clients.ts'
import { backedUp, openWorld } from './account-world.ts'

t.test('told to stop while Azure makes the account, a restore ends at once, and its undo removes it', async (t) => {
  const world = await openWorld(t)
  const entry = await backedUp(world)
  world.azure.set({ phases: { restore: 'held' } })
  const stop = new AbortController()
  const choice = { repoint: 'print' as const }
  const stopped = world.context('restore-a', { choice, signal: stop.signal })
  const destination = cosmos.openRestore(world.settings, entry, stopped)
  const journal = await memoryJournal()
  const loading = destination.load(journal)
  await Promise.all([
    t.rejects(loading, { message: 'told to stop' }),
    until('the account is being made', async () => (await world.accounts()).length === 2).then(() =>
      stop.abort(new Error('told to stop')),
    ),
  ])
  t.match(await failureOf(destination.discard(journal)), { why: /still making it/, next: /--undo/ })
  world.azure.set({ phases: { restore: 100 } })
  const undo = cosmos.openUndo(world.settings, entry, {
    ...world.context('restore-a', { choice }),
    former: destination.describe(),
  })
  await undo.discard(await memoryJournal())
  t.strictSame(await world.accounts(), ['ledger'])
})
