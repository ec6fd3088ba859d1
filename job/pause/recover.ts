import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../operation/failure.ts'
import type { OperationRequest } from '../../operation/request.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { journalEnd, openPauses, type PauseIntent } from '../journal/pause-steps.ts'
import { adminTls, closeAll, serversOfIntent } from '../servers/servers.ts'
import { startedAnew, unpauseAll } from '../servers/unpause-all.ts'

type Context = OperationContext<OperationRequest['kind']>

/** How long the API server may take to say which servers are still ours, ms. */
const askMs = 2000
/** Why the window of a worker that was killed in it is void. */
export const workerReplaced = 'the worker was replaced while it held the pause'

/**
 * Ends the pause that an earlier worker of this operation was killed in, and marks its window void.
 *
 * The servers in its journal are unpaused, except those that have restarted since and those that the guard has
 * unpaused: a pause there is not ours. Nothing is unpaused where the record says that all servers were; then only the
 * journal's last entry was lost. Where no pause is left over, nothing happens.
 */
export async function endLeftoverPause(context: Context): Promise<void> {
  const { cluster, events, journal, record, request } = context
  const open = openPauses(journal)
  if (open.length > 0) events.say('note', `ending the pause that an earlier worker left behind`, { level: 'warning' })
  for (const { number, intent } of open) {
    if (record.current.windows.some(({ pause, allUnpausedAt }) => pause === number && allUnpausedAt !== undefined)) {
      await closePause(context, number)
      continue
    }
    const servers = serversOfIntent(await stillOurs(context, number, intent), adminTls(request.target))
    const { stillPaused } = await unpauseAll(servers, cluster, context.signal).finally(() => closeAll(servers))
    const count = servers.length - stillPaused.length
    events.say('unpaused', `${count} unpaused`, { data: { count } })
    const written = record.update((current) => {
      const ended = intent.servers.map(({ address }) => address).filter((address) => !stillPaused.includes(address))
      current.stillPaused = [
        ...new Set([...current.stillPaused.filter((address) => !ended.includes(address)), ...stillPaused]),
      ]
    })
    await Promise.all([written, stillPaused.length === 0 && closePause(context, number)])
    if (stillPaused.length > 0)
      events.say('still-paused', `STILL PAUSED: ${stillPaused.join(', ')}`, {
        level: 'error',
        data: { addresses: stillPaused },
      })
  }
  if (record.current.windows.some(({ verdict }) => verdict === 'open')) {
    await record.update((current) => {
      for (const window of current.windows.filter(({ verdict }) => verdict === 'open')) {
        window.verdict = 'void'
        window.reasons.push(workerReplaced)
      }
    })
  }
  if (open.length > 0) await letGoOfLeases(context)
}

/** The Leases of the worker that is gone, so that the next operation need not wait until they expire. */
async function letGoOfLeases({ cluster, record, request }: Context): Promise<void> {
  try {
    const leases = await cluster.takeLeases(record.current.releases, request.operation)
    await leases.release()
  } catch (error) {
    // Another operation has taken one since: nothing is left over there.
    if (!(error instanceof Failure)) throw error
  }
}

/** Nothing of a pause is left: a pause from here on is somebody else's. */
async function closePause(context: Context, number: number): Promise<void> {
  context.guard.standDown(number)
  await journalEnd(context, number)
}

/**
 * The servers whose pause is still ours. All of them where the API server does not answer in time: no server stays
 * paused for its sake.
 */
async function stillOurs({ cluster, request }: Context, number: number, intent: PauseIntent): Promise<PauseIntent> {
  const asked = Promise.all([cluster.scalarPods(), unpausedByGuard(cluster, request.operation, number)])
  const known = await Promise.race([asked.catch(() => undefined), sleep(askMs, undefined)])
  if (known === undefined) return intent
  const [pods, endedByGuard] = known
  const { servers, restarts } = intent
  return {
    servers: servers.filter(
      ({ address, uid }) => !endedByGuard.has(address) && (uid === undefined || !startedAnew(uid, pods, restarts[uid])),
    ),
    restarts,
  }
}

async function unpausedByGuard(cluster: Cluster, operation: string, number: number): Promise<ReadonlySet<string>> {
  const record = await cluster.findRecord(operation)
  const ended = record?.guard?.interventions.filter(({ pause }) => pause === number) ?? []
  return new Set(ended.flatMap(({ unpaused }) => unpaused))
}
