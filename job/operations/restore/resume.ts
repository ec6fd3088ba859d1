import { concludePreflight } from '../conclude-preflight.ts'
import { Failure } from '../../../operation/failure.ts'
import { restoreCommand } from '../../../operation/outcome/restore-command.ts'
import type { RestoredData } from '../../databases/database.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { formerRestore, rewriteRestore } from './earlier-restore.ts'
import { doBetween } from './hand-over.ts'
import { holdReleases } from '../hold-releases.ts'
import { keepStopped } from './keep-stopped.ts'
import { startReleases, stopReleases } from './stop-and-start.ts'

type Context = OperationContext<'resume'>

/** The step after which the releases may serve: nothing is looked at again. */
const doneStep = 'administrator has done his part'

/**
 * Goes on with a restore that waits for its administrator: looks at all that can be seen of what he has done, then
 * starts the releases. Where something is not done yet, nothing is changed, and the restore waits on.
 */
export async function resume(context: Context): Promise<void> {
  const { journal, phase, request, signal } = context
  const { record: former, databases } = await formerRestore(context, request.restore)
  try {
    await holdReleases(context, async (lost) => {
      if (journal.result(doneStep) === undefined) {
        await doBetween(context, former, databases)
        lost.throwIfAborted()
        await phase('preflight', () => check(context, databases))
        lost.throwIfAborted()
        signal.throwIfAborted()
        await journal.once(doneStep, () => Promise.resolve('done'))
      }
      const final = databases.flatMap(({ noWayBack }) => noWayBack ?? [])
      const { failure: _waited, ...ended } = former
      const { waitsFor: _done, ...restored } = former.restore
      await rewriteRestore(
        context,
        { ...ended, state: 'succeeded', exitCode: 0, restore: restored },
        {
          serving: 'restored',
          databases: restored.databases.map((database) => ({ ...database, state: 'in-service' })),
          wayBack: [...final.map((why) => `there is no way back: ${why}`), ...howToRemove(former)],
        },
      )
      context.events.say('switched', `the data of ${restored.backup} is in service`)
      await phase('start', () => startReleases(context, restored.replicas))
    })
  } finally {
    await Promise.allSettled(databases.map((database) => database.close()))
  }
}

/** How to remove what databases have kept that this program restores itself. */
function howToRemove({ namespace, operation, restore }: Awaited<ReturnType<typeof formerRestore>>['record']): string[] {
  if (restore.databases.every(({ previous }) => previous === undefined)) return []
  const command = restoreCommand({ namespace, operation, flags: restore.flags }, '--drop-previous')
  return [`to remove what served before, once you are content: ${command}`]
}

/** @throws Failure where something is not done, or a release was started meanwhile */
async function check(context: Context, databases: readonly RestoredData[]): Promise<void> {
  const findings = await Promise.all(databases.map((database) => database.checkDone?.() ?? []))
  await concludePreflight(context, `the rest of ${context.request.restore}`, findings.flat())
  const stopped = keepStopped(context)
  try {
    // A release that was started meanwhile may have written to what was half restored.
    await stopped.confirm()
    await stopReleases(context, stopped)
  } catch (error) {
    throw started(context, error)
  } finally {
    stopped.release()
  }
}

function started({ request }: Context, error: unknown): Failure {
  const text = error instanceof Failure ? error.text : { what: '', why: String(error), next: '' }
  return new Failure(
    {
      what: `${request.restore} does not go on: a release was started before it`,
      why: text.why,
      next: 'scale it to 0; what it wrote meanwhile is in the data that was half restored, so restore that again',
    },
    { cause: error },
  )
}
