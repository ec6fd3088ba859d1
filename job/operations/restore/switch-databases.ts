import { Failure, messageOf } from '../../../operation/failure.ts'
import type { RestoredData } from '../../databases/database.ts'
import type { StoppedReleases } from './keep-stopped.ts'
import type { Journal } from '../../journal/journal.ts'

/**
 * Puts every restored database in service, one after another, so that a failure is known before the next is touched.
 * @param stopped asked right before each and after the last: a release that starts in between may meet former and
 * restored data
 */
export async function switchAll(
  databases: readonly RestoredData[],
  journal: Journal,
  stopped: StoppedReleases,
): Promise<void> {
  // What cannot be taken back comes once all others are known to have succeeded.
  const inOrder = [
    ...databases.filter(({ noWayBack }) => noWayBack === undefined),
    ...databases.filter(({ noWayBack }) => noWayBack !== undefined),
  ]
  for (const database of inOrder) {
    await stopped.confirm()
    await database.activate(journal)
  }
  await stopped.confirm()
}

/** Some databases hold the former data, and these do not. */
export class NotPutBack extends Failure {
  readonly databases: readonly RestoredData[]

  constructor(databases: readonly RestoredData[], reasons: readonly string[]) {
    super({
      what: 'the former data could not be put back in service',
      why: reasons.join('; '),
      next: 'fix the cause, then undo the restore',
    })
    this.databases = databases
  }
}

/**
 * Puts the former data of every database back in service. A database that was never switched has nothing to put back.
 * @throws NotPutBack naming the databases that could not be put back
 */
export async function putBack(databases: readonly RestoredData[], journal: Journal): Promise<void> {
  const [failed, reasons]: [RestoredData[], string[]] = [[], []]
  for (const database of databases.toReversed()) {
    await database.deactivate(journal).catch((error: unknown) => {
      failed.push(database)
      reasons.push(`${database.describe().title}: ${messageOf(error)}`)
    })
  }
  if (failed.length > 0) throw new NotPutBack(failed, reasons)
}
