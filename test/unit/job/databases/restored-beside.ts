import type { Test } from 'tap'
import type { JournalDocument } from '../../../../operation/journal.ts'
import { fewAtOnce } from '../../../../job/azure/few-at-once.ts'
import type { RestoreDestination } from '../../../../job/databases/database.ts'
import { killed, memoryJournal } from './database-conformance.ts'

/** A service that restores to something new beside the former, `ledger`: an account, an instance, a server. */
export interface Beside {
  /** a restore of one and the same backup */
  open(operation: string): RestoreDestination
  /** what it made, by its name */
  madeBy(destination: RestoreDestination): string
  /** all of its kind that are there, by their names */
  present(): Promise<string[]>
}

/** Two restores at once make two, and remove what each has made. */
export async function neverMeet(t: Test, { open, madeBy, present }: Beside): Promise<void> {
  const [one, other] = [open('restore-c'), open('restore-d')]
  const [journal, otherJournal] = [await memoryJournal(), await memoryJournal()]
  await Promise.all([one.load(journal), other.load(otherJournal)])
  t.equal((await present()).length, 3)
  t.not(madeBy(one), madeBy(other))
  await Promise.all([one.discard(journal), other.discard(otherJournal)])
  t.strictSame(await present(), ['ledger'])
}

/**
 * As many restores as `writes` says, the worker of each killed at another write of its journal, and the last at none;
 * the next worker goes on, and what it made is compared and removed.
 * @param writes one more than a whole restore makes, so that it is known to be that many
 * @param compare what a restore made with what it has to be
 */
export async function killedAtEachWrite(
  t: Test,
  writes: number,
  { open, madeBy }: Beside,
  compare: (made: string, when: string) => Promise<unknown>,
): Promise<void> {
  const kills = Array.from({ length: writes }, (_, index) => index + 1)
  const survivors = await fewAtOnce(kills, async (dies): Promise<number[]> => {
    const store: { document?: JournalDocument } = {}
    const run = async (until: number) => {
      const destination = open(`restore-killed-${dies}`)
      await destination.load(await memoryJournal(store, until))
      return destination
    }
    const survived = await run(dies).then(
      () => [dies],
      (error: unknown) => {
        if (error === killed) return []
        throw error
      },
    )
    const destination = await run(Infinity)
    await compare(madeBy(destination), `killed at write ${dies}`)
    await destination.discard(await memoryJournal(store))
    return survived
  })
  t.strictSame(survivors.flat(), [writes], 'every write was the last of one worker')
}
