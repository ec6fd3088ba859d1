import t from 'tap'
import { RestoredDump } from '../../../job/databases/dump/restored.ts'
import type { Found, RestoreTarget, World } from '../../../job/databases/dump/restore-target.ts'
import type { Mark } from '../../../job/databases/dump/mark.ts'
import type { Journal } from '../../../job/journal/journal.ts'
import { failureOf } from '../../unit/job/failure-of.ts'

// The attacker: who puts an older record of a restore in the place of the newer one. It was signed once, and says that
// the restored data serves and that the former is kept. What is done then the server alone decides.

const journal = { ensure: (_: string, act: () => Promise<void>) => act() } as unknown as Journal

const place = (name: string, filled: boolean, state?: Mark['state']): Found => ({
  name,
  filled,
  vacated: false,
  mark: state && { operation: 'restore-x', state },
})

function restoredDump(world: World) {
  const done: string[] = []
  const act = (name: string) => async () => void done.push(name)
  const target: RestoreTarget = {
    title: 'postgresql://db/ledger',
    kind: 'postgresql',
    details: {},
    look: async () => world,
    putInService: act('put in service'),
    takeOutOfService: act('take out of service'),
    checkSwitch: async () => [],
    checkWayBack: async () => [],
    checkDrop: async () => [],
    drop: (from) => act(`drop ${from}`)(),
    explained: (_, run) => run(),
  }
  return { data: new RestoredDump(target, 'restore-x'), done }
}

t.test('after an undo, a removal by the older record removes nothing', async (t) => {
  const { data, done } = restoredDump({
    live: place('ledger', true),
    restored: place('ledger_restored', true, 'loaded'),
    before: place('ledger_before', false),
  })
  t.strictSame(await data.checkDrop(), [])
  await data.dropPrevious(journal)
  t.strictSame(done, [])
  await data.deactivate(journal)
  t.strictSame(done, [], 'nor does another undo change what serves')
})

t.test('after a removal, an undo by the older record is refused before anything is stopped', async (t) => {
  const { data, done } = restoredDump({
    live: place('ledger', true, 'replaced'),
    restored: place('ledger_restored', false),
    before: place('ledger_before', false),
  })
  t.match(await failureOf(data.checkWayBack()), { why: /there is none in ledger_before any more/ })
  t.strictSame(done, [])
})
