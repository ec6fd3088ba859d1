import { setTimeout as sleep } from 'node:timers/promises'
import { formatDuration } from '../../../operation/duration.ts'
import { Failure } from '../../../operation/failure.ts'
import type { RestoredDatabase } from '../../../operation/record.ts'
import { isHandedOn } from '../../context/handed-on.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import type { RestoredData } from '../../databases/database.ts'
import { markEndangered } from './standing.ts'

type Context = OperationContext<'restore' | 'drop'>

/**
 * How long the releases have to stay ready without the former data before it is removed, ms, unless the request says
 * otherwise.
 */
const fenceMs = 180_000
const lookMs = 1000

/**
 * Removes the data that was in service before a restore. Where a database can fence it off first, nothing is removed
 * before the releases have stayed ready without it for a while: a release that still needs it shows in time.
 * @throws Failure where a release does not stay ready; the former data is then usable again
 */
export async function dropFormerData(context: Context, databases: readonly RestoredData[]): Promise<void> {
  const { events, journal } = context
  try {
    const fenced = databases.flatMap((database) => (database.fencePrevious === undefined ? [] : [database]))
    await all(fenced, (database) => database.fencePrevious?.(journal))
    if (fenced.length > 0) await staysReady(context)
    await markEndangered(context, databases, 'dropPrevious')
    await all(databases, (database) => database.dropPrevious(journal))
    events.say('deleted', `removed what served before the restore: ${titlesOf(databases)}`)
  } catch (error) {
    // The next worker goes on behind the fence.
    if (!(await isHandedOn(context))) await all(databases, (database) => database.liftFence?.())
    throw error
  }
}

async function staysReady({ cluster, events, request, signal }: Context): Promise<void> {
  const releases = request.target.releases.map(({ name }) => name)
  const { fenceMs: forMs = fenceMs } = request
  const untilMs = performance.now() + forMs
  events.say(
    'note',
    `the former data goes once ${releases.join(', ')} stayed ready without it for ${formatDuration(forMs)}`,
  )
  for (;;) {
    const unready = (await cluster.workloads(releases)).find(
      ({ replicas, readyReplicas }) => replicas === 0 || readyReplicas < replicas,
    )
    if (unready !== undefined)
      throw new Failure({
        what: 'the former data is not removed',
        why:
          `${unready.name} has ${unready.readyReplicas} of ` +
          `${unready.replicas} pods ready while nobody can use the former data: it may need it`,
        next: 'see that the release serves from the restored data, then remove the former again',
      })
    const leftMs = untilMs - performance.now()
    if (leftMs <= 0) return
    await sleep(Math.min(leftMs, lookMs), undefined, { signal })
  }
}

/** Does one thing on all databases at once and waits for all, so that nothing runs on when one has failed. */
async function all(
  databases: readonly RestoredData[],
  run: (database: RestoredData) => Promise<void> | undefined,
): Promise<void> {
  const settled = await Promise.allSettled(databases.map(run))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function titlesOf(databases: readonly RestoredData[]): string {
  return databases.map((database) => database.describe().title).join(', ')
}

/** Restored databases as they are recorded once the former data is removed. */
export function withoutPrevious(databases: readonly RestoredDatabase[]): RestoredDatabase[] {
  return databases.map(({ previous: _dropped, ...rest }) => rest)
}
