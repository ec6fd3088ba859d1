import type { Test } from 'tap'
import type { DatabaseKind, RestoredData } from '../../../../job/databases/database.ts'
import type { JournalDocument } from '../../../../operation/journal.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { failureOf } from '../failure-of.ts'
import { backedUp, killed, memoryJournal, noErrors, storageOf, type Trial } from './database-conformance.ts'

// What of the conformance of databases can be asked of one that its administrator restores. The rest cannot: there are
// no files of ours whose bits could flip or that could be encrypted, nothing is loaded beside what is in service, and
// once the administrator has begun nothing of before is kept, to be put back, or to be removed.

/** One database of its own, with data in it, for one test. */
export interface HandTrial extends Pick<Trial, 'content' | 'context' | 'settings' | 'write'> {
  /** what this program's backups keep in it */
  kept(): Promise<string[]>
  /** does what the administrator is told to */
  putBack(entry: DatabaseBackup): Promise<void>
}

/** What every kind of database has to hold that is restored by its administrator. */
export async function restoredByHand(
  t: Test,
  kind: DatabaseKind,
  open: (t: Test) => Promise<HandTrial>,
): Promise<void> {
  await t.test(
    'what a restore brings back is exactly the snapshot, and nothing before its administrator',
    async (t) => {
      const trial = await open(t)
      const { entry, context, atSnapshot } = await backedUp(t, kind, trial)
      const former = await trial.content()
      t.strictNotSame(former, atSnapshot)
      const destination = kind.openRestore(trial.settings, entry, context('restore-a'))
      noErrors(t, await destination.preflight())
      t.ok((await destination.plan()).steps.length > 0)
      const journal = await memoryJournal()
      await destination.verify()
      await destination.load(journal)
      await destination.activate(journal)
      t.strictSame(await trial.content(), former, 'it is told what to do, and has not done it')
      const told = (destination.leftToDo?.() ?? []).join('\n')
      t.match(told, entry.title)
      t.match(await errorsOf(destination), [String], 'nothing was done yet')

      await trial.putBack(entry)
      // A later operation knows what the restore left.
      const later = kind.openUndo(trial.settings, entry, { ...context('restore-a'), former: destination.describe() })
      t.strictSame(await errorsOf(later), [])
      t.strictSame(await trial.content(), atSnapshot)
      t.match(await failureOf(later.checkWayBack()), { why: String }, 'there is no way back')
      await Promise.all([destination.close(), later.close()])
    },
  )

  await t.test('given up before its administrator began, all is as it was', async (t) => {
    const trial = await open(t)
    const { entry, context } = await backedUp(t, kind, trial)
    const [former, kept] = [await trial.content(), await trial.kept()]
    const destination = kind.openRestore(trial.settings, entry, context('restore-a'))
    await destination.deactivate(await memoryJournal())
    const journal = await memoryJournal()
    await destination.load(journal)
    await destination.activate(journal)
    const undo = kind.openUndo(trial.settings, entry, { ...context('restore-a'), former: destination.describe() })
    noErrors(t, await undo.checkWayBack())
    await undo.deactivate(await memoryJournal())
    await undo.discard(await memoryJournal())
    t.strictSame(await trial.content(), former)
    t.strictSame(await trial.kept(), kept, 'the backup is there to be restored')
  })

  await t.test('killed at any write of the journal, it asks for the same, and ends the same', async (t) => {
    const trial = await open(t)
    const { entry, context, atSnapshot } = await backedUp(t, kind, trial)
    for (let dies = 1; ; dies += 1) {
      const store: { document?: JournalDocument } = {}
      const run = async (writes: number) => {
        const destination = kind.openRestore(trial.settings, entry, context(`restore-${dies}`))
        const journal = await memoryJournal(store, writes)
        await destination.load(journal)
        await destination.activate(journal)
        return destination
      }
      await trial.write()
      const survived = await run(dies).then(
        () => true,
        (error: unknown) => {
          if (error === killed) return false
          throw error
        },
      )
      const destination = await run(Infinity)
      t.match(await errorsOf(destination), [String], `killed at write ${dies}`)
      await trial.putBack(entry)
      t.strictSame(await errorsOf(destination), [], `killed at write ${dies}`)
      t.strictSame(await trial.content(), atSnapshot, `killed at write ${dies}`)
      if (survived) break
    }
  })

  await t.test('a second snapshot replaces the first, even one that is answered late', async (t) => {
    const trial = await open(t)
    const { context } = storageOf(t, trial.context)
    const source = kind.openBackup(trial.settings, context('backup-a'))
    await source.prepare()
    // the window it was for ended before it was answered
    const late = source.snapshot().catch(() => undefined)
    await source.prepare()
    await trial.write()
    await source.snapshot()
    await late
    const second = await trial.content()
    await trial.write()
    const entry = await source.complete('a/db')
    await source.close()
    const destination = kind.openRestore(trial.settings, entry, context('restore-a'))
    await destination.activate(await memoryJournal())
    await trial.putBack(entry)
    t.strictSame(await trial.content(), second)
    await kind.remove?.(trial.settings, entry, context('delete-a'))
    t.strictSame(await trial.kept(), [], 'the first has left nothing')
  })

  await t.test('told to stop, a backup leaves nothing once it is given up', async (t) => {
    const trial = await open(t)
    const { context } = storageOf(t, trial.context)
    const stop = new AbortController()
    const source = kind.openBackup(trial.settings, { ...context('backup-b'), signal: stop.signal })
    await source.prepare()
    await source.snapshot()
    stop.abort(new Error('told to stop'))
    await t.rejects(source.complete('b/db'), { message: 'told to stop' })
    await source.discard?.()
    await source.close()
    t.strictSame(await trial.kept(), [])
  })

  await t.test('a deleted backup keeps nothing, and deleting it twice is no matter', async (t) => {
    const trial = await open(t)
    const { entry, context } = await backedUp(t, kind, trial)
    t.ok((await trial.kept()).length > 0)
    await kind.remove?.(trial.settings, entry, context('delete-a'))
    t.strictSame(await trial.kept(), [])
    await kind.remove?.(trial.settings, entry, context('delete-b'))
  })
}

/** What is not done yet, as far as it can be seen. */
async function errorsOf(data: RestoredData): Promise<string[]> {
  const findings = (await data.checkDone?.()) ?? []
  return findings.flatMap(({ outcome, message }) => (outcome === 'error' ? [message] : []))
}
