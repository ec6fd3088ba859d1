import t from 'tap'
import type { JournalDocument } from '../../../../../operation/journal.ts'
import { failureOf } from '../../failure-of.ts'
import { byVariables, endpoints, keys, stageOf } from '../../operations/properties/stage.ts'
import { killed, memoryJournal } from '../database-conformance.ts'

const { text, where } = byVariables
const pointed = { KEY: keys.restored, URI: endpoints.restored }
const asBefore = { KEY: keys.former, URI: endpoints.former }

t.test('endpoint and key are set in the Secret, and put back from ours, which is empty then', async (t) => {
  const stage = stageOf(text, where)
  const store: { document?: JournalDocument } = {}
  const journal = await memoryJournal(store)
  const repointing = stage.repointing()
  t.match(await repointing.findings(), [{ outcome: 'ok' }])
  t.equal(await repointing.inUse(), 'by none')
  await repointing.point('restored', journal)
  t.strictSame(stage.stored.data('account'), pointed)
  t.equal(stage.text(), text, 'the file refers to it as before')
  t.equal(await repointing.inUse(), 'by all')
  t.strictSame(repointing.recorded(), { keptIn: 'scalardl-former.account' })
  t.match(Object.keys(stage.former() ?? {}), [/^restore-a_2026-11-22T08_00_00Z\.[0-9a-f]{8}$/])
  const told = JSON.stringify([store.document, repointing.recorded(), repointing.lines, stage.cluster.texts])
  t.notMatch(told, /S3CRET/, 'no key in journal, record or ConfigMap')
  t.notMatch(JSON.stringify(store.document), /former\.example\.com/, 'no former value in the journal')

  const undo = stage.repointing({ former: repointing.recorded() })
  await undo.check()
  const undone: { document?: JournalDocument } = {}
  await undo.point('former', await memoryJournal(undone))
  t.strictSame(stage.stored.data('account'), asBefore)
  t.strictSame(stage.former(), {})
  t.notMatch(JSON.stringify(undone.document), /S3CRET/)
})

t.test('killed at any write of the journal and run again: the same end, forth and back', async (t) => {
  // One more than it makes in all, so that it is known to be that many.
  for (const [to, expected, most] of [
    ['restored', pointed, 7],
    ['former', asBefore, 7],
  ] as const) {
    let survived = 0
    for (let dies = 1; dies <= most; dies += 1) {
      const begun = stageOf(text, where)
      const recorded = begun.repointing()
      if (to === 'former') await recorded.point('restored', await memoryJournal())
      const store: { document?: JournalDocument } = {}
      const run = async (until: number) => {
        const repointing = begun.repointing(to === 'former' ? { former: recorded.recorded() } : {})
        await repointing.point(to, await memoryJournal(store, until))
      }
      await run(dies).then(
        () => (survived += 1),
        (error: unknown) => t.equal(error, killed),
      )
      await run(Infinity)
      t.strictSame(begun.stored.data('account'), expected, `${to}, killed at write ${dies}`)
      if (to === 'former') t.strictSame(begun.former(), {})
      else {
        // whatever the kill left, the way back leads to where it began
        await begun.repointing().point('former', await memoryJournal(store))
        t.strictSame(begun.stored.data('account'), asBefore, `back after write ${dies}`)
      }
    }
    t.equal(survived, 1, `${to}: every write was the last of one worker`)
  }
})

t.test('an undo that has to go forward again, and then back', async (t) => {
  const stage = stageOf(text, where)
  const first = stage.repointing()
  await first.point('restored', await memoryJournal())
  const former = first.recorded()
  const store: { document?: JournalDocument } = {}
  await stage.repointing({ former }).point('former', await memoryJournal(store))
  // by the same worker or by its successor
  await stage.repointing({ former }).point('restored', await memoryJournal(store))
  t.strictSame(stage.stored.data('account'), pointed)
  await stage.repointing({ former }).point('former', await memoryJournal())
  t.strictSame(stage.stored.data('account'), asBefore)
  t.strictSame(stage.former(), {})
})

t.test('without what was kept nobody goes back, and what somebody else set stays', async (t) => {
  const stage = stageOf(text, where)
  const first = stage.repointing()
  await first.point('restored', await memoryJournal())
  const former = first.recorded()
  const [entry = ''] = Object.keys(stage.former() ?? {})
  const kept = stage.former()?.[entry] ?? ''
  stage.stored.put('scalardl-former.account', {})
  const lost = { why: /has it no more/ }
  t.match(await failureOf(stage.repointing({ former }).check()), lost)
  t.match(await failureOf(stage.repointing({ former }).point('former', await memoryJournal())), lost)
  t.strictSame(stage.stored.data('account'), pointed)
  stage.stored.put('scalardl-former.account', { [entry]: kept })
  stage.stored.put('account', { KEY: 'another', URI: 'https://another.example.com:443/' })
  const overtaken = { why: /somebody changed them since/, next: 'look who changed them' }
  t.match(await failureOf(stage.repointing({ former }).check()), overtaken)
  t.match(await failureOf(stage.repointing({ former }).point('former', await memoryJournal())), overtaken)
  t.strictSame(stage.stored.data('account'), { KEY: 'another', URI: 'https://another.example.com:443/' })
})

t.test('what is kept and cannot be read is not told of', async (t) => {
  const stage = stageOf(text, where)
  const first = stage.repointing()
  await first.point('restored', await memoryJournal())
  const [entry = ''] = Object.keys(stage.former() ?? {})
  for (const spoilt of ['S3CRET', '["S3CRET"]', '{"a":{"b":"S3CRET"}}']) {
    stage.stored.put('scalardl-former.account', { [entry]: spoilt })
    const { text: told } = await failureOf(stage.repointing({ former: first.recorded() }).check())
    t.match(told, { why: /has changed what Secret scalardl-former\.account keeps/ })
    t.notMatch(JSON.stringify(told), /S3CRET/)
  }
  const elsewhere = stage.repointing({ former: { keptIn: 'account' } })
  await elsewhere.recall()
  t.strictSame(elsewhere.recorded(), { keptIn: 'account' }, 'no Secret but ours is looked into')
  t.notOk(stage.stored.asked.slice(-1)[0]?.endsWith(' account'))
})

t.test('a key that was renewed meanwhile is replaced by the one to go back to', async (t) => {
  const stage = stageOf(text, where)
  const first = stage.repointing()
  await first.point('restored', await memoryJournal())
  stage.stored.put('account', { KEY: 'renewed', URI: endpoints.restored })
  const undo = stage.repointing({ former: first.recorded() })
  await undo.check()
  await undo.point('former', await memoryJournal())
  t.strictSame(stage.stored.data('account'), asBefore)
})

t.test('once the former data is gone, what was kept is too', async (t) => {
  const stage = stageOf(text, where)
  const repointing = stage.repointing()
  const journal = await memoryJournal()
  await repointing.point('restored', journal)
  await repointing.forget(journal)
  await repointing.forget(journal)
  t.strictSame(stage.former(), {})
  t.strictSame(stage.stored.data('account'), pointed)
})
