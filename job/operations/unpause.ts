import { Failure, messageOf } from '../../operation/failure.ts'
import { isOurPause } from '../../operation/own-pauses.ts'
import type { OperationRecord } from '../../operation/record.ts'
import type { OperationContext } from '../operation-context.ts'
import { adminTls, answerMs, closeAll, connectAll, serversOf, type Server } from '../scalar-admin/servers.ts'
import { findTargets, titleOf } from '../scalar-admin/targets.ts'
import { unpauseAll } from '../scalar-admin/unpause-all.ts'

type Context = OperationContext<'unpause'>

/**
 * Ends pauses: those that the records of this namespace show as ours, and with `force` everybody's. It may be run at any time,
 * any number of times; what is not paused is left as it is.
 * @throws Failure naming what stays paused because it is somebody else's, or could not be asked
 */
export async function unpause(context: Context): Promise<void> {
  const { cluster, events, record, request, signal } = context
  const found = await findTargets(request.target, cluster)
  const records = await cluster.records()
  const tls = adminTls(request.target)
  const servers = serversOf(found.targets, tls)
  try {
    const troubles = await connectAll(servers, tls)
    const asked = await Promise.all(servers.map(async (server) => ({ server, paused: troubles.has(server) ? undefined : await ask(server) })))
    const closed = asked.filter(({ paused }) => paused !== false)
    const chosen = closed.filter(({ server }) => request.force || isOurPause(server.endpoint, records)).map(({ server }) => server)
    const left = closed.filter(({ server }) => !chosen.includes(server))

    const { answered, gone, stillPaused } = await context.phase('unpause', () => unpauseAll(chosen, cluster, signal))
    const count = answered.length + gone.length
    events.say('unpaused', `${count} unpaused, ${servers.length - closed.length} were not paused`, { data: { count } })
    await record.update((current) => {
      current.stillPaused = stillPaused
    })
    await clearRecords(context, records, [...answered, ...gone])
    if (stillPaused.length > 0) {
      events.say('still-paused', `STILL PAUSED: ${stillPaused.join(', ')}`, { level: 'error', data: { addresses: stillPaused } })
      throw new Failure({
        what: `${stillPaused.length} servers could not be unpaused`,
        why: `${stillPaused.join(', ')} did not answer`,
        next: 'see with `kubectl scalardl doctor` what is wrong with them; restarting a pod ends its pause as well',
      })
    }
    if (left.length > 0) throw leftAlone(left.map(({ server, paused }) => `${titleOf(server.endpoint)}: ${troubles.get(server)?.why ?? (paused === true ? 'paused by somebody else' : 'it cannot say whether it is paused')}`))
  } finally {
    closeAll(servers)
  }
}

/** Undefined where the server could not say. */
async function ask({ client }: Server): Promise<boolean | undefined> {
  try {
    return await client.checkPaused(answerMs)
  } catch {
    return undefined
  }
}

/** A record of an operation that has ended must not go on calling servers paused that no longer are. */
async function clearRecords({ cluster, events }: Context, records: readonly OperationRecord[], unpaused: readonly string[]): Promise<void> {
  const wrong = records.filter(({ finishedAt, stillPaused }) => finishedAt !== undefined && stillPaused.some((address) => unpaused.includes(address)))
  for (const record of wrong) {
    try {
      await cluster.writeRecord({ ...record, stillPaused: record.stillPaused.filter((address) => !unpaused.includes(address)) })
    } catch (error) {
      events.say('note', `the record of ${record.operation} still calls them paused: ${messageOf(error)}`, { level: 'warning' })
    }
  }
}

function leftAlone(titles: readonly string[]): Failure {
  return new Failure({
    what: `${titles.length} servers were left as they are`,
    why: `${titles.join('; ')}; no record of this namespace shows a pause of ours there`,
    next: 'if nobody needs that pause: kubectl scalardl unpause RELEASE --force',
  })
}
