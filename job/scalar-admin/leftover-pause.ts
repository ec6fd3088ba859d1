import type { OperationRequest } from '../../operation/request.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { OperationContext } from '../operation-context.ts'
import { journalEnd, openPauses, type PauseIntent } from './pause-journal.ts'
import { adminTls, closeAll, serversOf } from './servers.ts'
import { parseAddress, type PauseTarget } from './targets.ts'
import { startedAnew, unpauseAll } from './unpause-all.ts'

type Context = OperationContext<OperationRequest['kind']>

const replaced = 'the worker was replaced while it held the pause'

/**
 * Ends the pause that an earlier worker of this operation was killed in, and marks its window void. Exactly the servers in its
 * journal are unpaused, except those whose process has started anew since and those that the guard has unpaused: what is paused
 * there now is not ours. Without such a leftover nothing happens.
 */
export async function endLeftoverPause(context: Context): Promise<void> {
  const { cluster, events, guard, journal, record, request } = context
  const open = openPauses(journal)
  if (open.length > 0) events.say('note', `ending the pause that an earlier worker left behind`, { level: 'warning' })
  for (const { number, intent } of open) {
    const servers = serversOf(await leftTargets(context, number, intent), adminTls(request.target))
    const { stillPaused } = await unpauseAll(servers, cluster, context.signal).finally(() => closeAll(servers))
    const count = servers.length - stillPaused.length
    events.say('unpaused', `${count} unpaused`, { data: { count } })
    await record.update((current) => {
      const ended = intent.servers.map(({ address }) => address).filter((address) => !stillPaused.includes(address))
      current.stillPaused = [...new Set([...current.stillPaused.filter((address) => !ended.includes(address)), ...stillPaused])]
    })
    if (stillPaused.length === 0) {
      guard.standDown(number)
      await journalEnd(context, number)
    } else events.say('still-paused', `STILL PAUSED: ${stillPaused.join(', ')}`, { level: 'error', data: { addresses: stillPaused } })
  }
  if (record.current.windows.some(({ verdict }) => verdict === 'open')) {
    await record.update((current) => {
      for (const window of current.windows.filter(({ verdict }) => verdict === 'open')) {
        window.verdict = 'void'
        window.reasons.push(replaced)
      }
    })
  }
}

async function leftTargets({ cluster, request }: Context, number: number, { servers, restarts }: PauseIntent): Promise<PauseTarget[]> {
  const [pods, endedByGuard] = await Promise.all([cluster.scalarPods(), unpausedByGuard(cluster, request.operation, number)])
  const left = servers.filter(({ address, uid }) => !endedByGuard.has(address) && (uid === undefined || !startedAnew(uid, pods, restarts[uid])))
  return left.map(({ address, serverName, uid }) => {
    const pod = pods.find((one) => one.uid === uid)
    return { ...parseAddress(address), ...(serverName && { serverName }), ...(pod && { pod }) }
  })
}

async function unpausedByGuard(cluster: Cluster, operation: string, number: number): Promise<ReadonlySet<string>> {
  const record = await cluster.findRecord(operation)
  const ended = record?.guard?.interventions.filter(({ pause }) => pause === number) ?? []
  return new Set(ended.flatMap(({ unpaused }) => unpaused))
}
