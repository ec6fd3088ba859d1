import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openJournal, type JournalPersistence } from '../../../../job/journal/persisted-journal.ts'
import type { JournalDocument } from '../../../../operation/journal.ts'

const killed = new Error('killed')

/** Keeps a journal, and kills its writer before or after the n-th write. */
function persistence(
  kept: { document?: JournalDocument },
  killAt = Infinity,
  when: 'before' | 'after' = 'before',
): JournalPersistence & { writes: number } {
  const keeper = {
    writes: 0,
    read: async () => structuredClone(kept.document),
    async write(document: JournalDocument) {
      keeper.writes += 1
      if (keeper.writes > killAt) throw killed
      if (keeper.writes === killAt && when === 'before') throw killed
      kept.document = document
      if (keeper.writes === killAt) throw killed
    },
  }
  return keeper
}

/** A world of three steps, of which the second may be found half done. */
async function operation(world: string[], keeper: JournalPersistence): Promise<string[]> {
  const journal = await openJournal('restore-x', keeper)
  const results: string[] = []
  for (const name of ['create', 'load', 'switch']) {
    results.push(
      await journal.once(name, async ({ begunBefore }) => {
        if (!begunBefore || !world.includes(name)) world.push(name)
        return `${name} done`
      }),
    )
  }
  return results
}

const done = ['create done', 'load done', 'switch done']

t.test('killed at any write and started again, an operation does each step once and ends the same', async (t) => {
  const undisturbed = persistence({})
  await operation([], undisturbed)
  t.equal(undisturbed.writes, 6, 'before and after each step')
  for (let write = 1; write <= undisturbed.writes; write += 1) {
    for (const when of ['before', 'after'] as const) {
      const world: string[] = []
      const kept: { document?: JournalDocument } = {}
      await t.rejects(operation(world, persistence(kept, write, when)), killed)
      t.strictSame(await operation(world, persistence(kept)), done, `killed ${when} write ${write}`)
      t.strictSame(world, ['create', 'load', 'switch'], `each once, killed ${when} write ${write}`)
    }
  }
})

t.test('killed in the midst of a step, the next run looks before it acts', async (t) => {
  const kept: { document?: JournalDocument } = {}
  const first = await openJournal('restore-x', persistence(kept))
  t.equal(first.resumed, false)
  void first.once('load', () => new Promise(() => undefined))
  await sleep(10)
  const second = await openJournal('restore-x', persistence(kept))
  t.equal(second.resumed, true)
  t.equal(second.begun('load'), true)
  t.equal(second.result('load'), undefined)
  t.equal(
    await second.once('load', async ({ begunBefore }) => (begunBefore ? 'was loaded' : 'loaded again')),
    'was loaded',
  )
  t.equal(second.result('load'), 'was loaded')
})

t.test('a finished step is never done again', async (t) => {
  const kept: { document?: JournalDocument } = {}
  await (await openJournal('restore-x', persistence(kept))).once('note', async () => ({ replicas: 3 }))
  const second = await openJournal('restore-x', persistence(kept))
  t.strictSame(await second.once('note', async () => ({ replicas: 0 })), { replicas: 3 })
})

t.test('what may be done any number of times is done by every worker, and written down once', async (t) => {
  const keeper = persistence({})
  let times = 0
  const act = async () => void (times += 1)
  const journal = await openJournal('restore-x', keeper)
  await journal.ensure('delete a', act)
  await journal.ensure('delete a', act)
  t.equal(times, 2)
  t.equal(keeper.writes, 2, 'before and after the first time')
  t.equal(journal.result('delete a'), 'done')
})

t.test('what needs no act is written once, and stays as it is', async (t) => {
  const kept: { document?: JournalDocument } = {}
  const keeper = persistence(kept)
  const journal = await openJournal('restore-x', keeper)
  await journal.keep('worker 1', { version: '0.1.0' })
  t.equal(keeper.writes, 1)
  await journal.begin('pause 1: intent')
  await journal.keep('pause 1: intent', { servers: [] })
  t.equal(keeper.writes, 3, 'one that was begun is finished')
  const second = await openJournal('restore-x', persistence(kept))
  await second.keep('worker 1', { version: '0.2.0' })
  t.strictSame(second.result('worker 1'), { version: '0.1.0' })
  t.strictSame(second.result('pause 1: intent'), { servers: [] })
})

t.test('what a step learnt is there for the worker after one that was killed in it', async (t) => {
  const kept: { document?: JournalDocument } = {}
  const first = await openJournal('restore-x', persistence(kept))
  const noted = Promise.withResolvers<void>()
  void first.once('make account', async (step) => {
    t.equal(step.noted, undefined)
    await step.note({ token: 'a' })
    await step.note({ token: 'b' })
    noted.resolve()
    return new Promise(() => undefined)
  })
  await noted.promise
  const second = await openJournal('restore-x', persistence(kept))
  const found = await second.once('make account', async ({ begunBefore, noted: learnt }) => ({ begunBefore, learnt }))
  t.strictSame(found, { begunBefore: true, learnt: { token: 'b' } })
})

t.test('a step that failed is begun, not finished, and may be tried again', async (t) => {
  const journal = await openJournal('restore-x', persistence({}))
  await t.rejects(
    journal.once('load', () => Promise.reject(new Error('no room'))),
    /no room/,
  )
  t.equal(journal.begun('load'), true)
  t.equal(await journal.once('load', async () => 1), 1)
})

t.test('steps beside each other are all written, and the same twice at once is a mistake', async (t) => {
  const kept: { document?: JournalDocument } = {}
  const journal = await openJournal('backup-x', persistence(kept))
  const names = Array.from({ length: 20 }, (_, index) => `dump ${index}`)
  const running = names.map((name) => journal.once(name, async () => name))
  await t.rejects(
    journal.once('dump 3', async () => ''),
    /runs already/,
  )
  await Promise.all(running)
  t.strictSame(
    kept.document?.steps
      .filter(({ finishedAt }) => finishedAt !== undefined)
      .map(({ result }) => result)
      .sort(),
    names.sort(),
  )
})
