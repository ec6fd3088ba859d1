import { Failure, messageOf } from '../../operation/failure.ts'
import { isOurPause } from '../../operation/outcome/pause-ownership.ts'
import type { OperationRecord } from '../../operation/record.ts'
import type { OperationContext } from '../context/operation-context.ts'
import type { AdminTls } from '../servers/client.ts'
import { adminTls, answerMs, closeAll, connectAll, serversOf, type Server } from '../servers/servers.ts'
import { findTargets, titleOf } from '../servers/targets.ts'
import { unpauseAll, type Unpaused } from '../servers/unpause-all.ts'

type Context = OperationContext<'unpause'>

/**
 * Ends pauses: those that the records of this namespace show as ours, and with `force` everybody's. It may be run at any time,
 * any number of times; what is not paused is left as it is.
 * @throws Failure naming what stays paused because it is somebody else's, or could not be asked
 */
export async function unpause(context: Context): Promise<void> {
  const { cluster, events, record, request } = context
  const found = await findTargets(request.target, cluster)
  const records = await cluster.records()
  const tls = adminTls(request.target)
  const servers = serversOf(found.targets, tls)
  try {
    const ended = await context.phase('unpause', () =>
      Promise.all(servers.map((server) => unpauseOne(context, server, tls, records))),
    )
    const of = (outcome: Outcome['outcome']) =>
      ended.flatMap((one) => (one.outcome === outcome ? [one.server.endpoint.address] : []))
    const [unpaused, stillPaused] = [[...of('answered'), ...of('gone')], of('stillPaused')]
    const count = unpaused.length
    events.say('unpaused', `${count} unpaused, ${of('open').length} were not paused`, { data: { count } })
    await record.update((current) => {
      current.stillPaused = stillPaused
    })
    await clearRecords(context, records, unpaused)
    if (stillPaused.length > 0) {
      events.say('still-paused', `STILL PAUSED: ${stillPaused.join(', ')}`, {
        level: 'error',
        data: { addresses: stillPaused },
      })
      throw new Failure({
        what: `${stillPaused.length} servers could not be unpaused`,
        why: `${stillPaused.join(', ')} did not answer`,
        next: 'see with `kubectl scalardl doctor` what is wrong with them; restarting a pod ends its pause as well',
      })
    }
    const left = ended.flatMap(({ server, why }) => (why === undefined ? [] : [`${titleOf(server.endpoint)}: ${why}`]))
    if (left.length > 0) throw leftAlone(left)
  } finally {
    closeAll(servers)
  }
}

/** What came of one server. */
interface Outcome {
  server: Server
  /** `open`: it was not paused; `left`: it may be, and not by us */
  outcome: keyof Unpaused | 'open' | 'left'
  /** it was left alone */
  why?: string
}

/** Beside all others: one that takes its time keeps none of them paused. */
async function unpauseOne(
  { cluster, request, signal }: Context,
  server: Server,
  tls: AdminTls | undefined,
  records: readonly OperationRecord[],
): Promise<Outcome> {
  const trouble = (await connectAll([server], tls)).get(server)
  const paused = trouble === undefined ? await ask(server) : undefined
  if (paused === false) return { server, outcome: 'open' }
  if (!request.force && !isOurPause(server.endpoint, records)) {
    return {
      server,
      outcome: 'left',
      why: trouble?.why ?? (paused === true ? 'paused by somebody else' : 'it cannot say whether it is paused'),
    }
  }
  const { answered, gone } = await unpauseAll([server], cluster, signal)
  return { server, outcome: answered.length > 0 ? 'answered' : gone.length > 0 ? 'gone' : 'stillPaused' }
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
async function clearRecords(
  { cluster, events }: Context,
  records: readonly OperationRecord[],
  unpaused: readonly string[],
): Promise<void> {
  const wrong = records.filter(
    ({ finishedAt, stillPaused }) =>
      finishedAt !== undefined && stillPaused.some((address) => unpaused.includes(address)),
  )
  for (const record of wrong) {
    try {
      await cluster.writeRecord({
        ...record,
        stillPaused: record.stillPaused.filter((address) => !unpaused.includes(address)),
      })
    } catch (error) {
      events.say('note', `the record of ${record.operation} still calls them paused: ${messageOf(error)}`, {
        level: 'warning',
      })
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
