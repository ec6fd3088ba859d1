import { unpauseCommand } from '../../operation/outcome/unpause-command.ts'
import { Failure, messageOf } from '../../operation/failure.ts'
import { kindOf } from '../../operation/names.ts'
import { isOurPause } from '../../operation/outcome/pause-ownership.ts'
import type { OperationRecord } from '../../operation/record.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { adminTls, answerMs, closeAll, connectAll, serversOf, type Server } from '../servers/servers.ts'
import { findTargets, titleOf, type Targets } from '../servers/targets.ts'
import { unpauseAll, type Unpaused } from '../servers/unpause-all.ts'
import { askHolders, holdersAmong, judge, refuseOthersAtWork } from './end-pauses.ts'

type Context = OperationContext<'unpause'>

/**
 * Ends pauses: those that the records of this namespace show as ours, and with `force` everybody's. An operation that
 * holds a pause is asked to end it, so that its own checks run first and its window may be valid; with `force` nobody
 * is asked. It may run at any time and any number of times: a server that is not paused is left as it is.
 * @throws Failure naming servers that stay paused, since they are somebody else's or did not answer; with exit code 3
 * where a pause that was ended is void
 */
export async function unpause(context: Context): Promise<void> {
  const { cluster, request } = context
  const found = await findTargets(request.target, cluster)
  const tls = adminTls(request.target)
  const servers = serversOf(found.targets, tls)
  try {
    const { holders, failure } = await context.phase('unpause', () =>
      request.force ? unpauseAtOnce(context, found, servers) : unpauseOurs(context, found, servers),
    )
    const doubt = holders.length === 0 ? undefined : await context.phase('verdict', () => judge(context, holders))
    const thrown = failure ?? doubt
    if (thrown !== undefined) throw thrown
  } finally {
    closeAll(servers)
  }
}

interface Ended {
  /** the operations of `pause` that held one of the servers */
  holders: string[]
  /** what is not unpaused */
  failure: Failure | undefined
}

async function unpauseAtOnce(context: Context, { releases }: Targets, servers: readonly Server[]): Promise<Ended> {
  const { cluster, request } = context
  const holding = cluster.leasesOfOthers(releases, request.operation).catch(() => new Map<string, string>())
  const ended = await Promise.all(servers.map((server) => unpauseOne(context, server, () => true)))
  const failure = await report(context, ended, await cluster.pausingRecords())
  const holders = new Set((await holding).values())
  return { holders: [...holders].filter((operation) => kindOf(operation) === 'pause'), failure }
}

/** Ends our own pauses alone. */
async function unpauseOurs(context: Context, { releases }: Targets, servers: readonly Server[]): Promise<Ended> {
  const { cluster } = context
  const endpoints = servers.map(({ endpoint }) => endpoint)
  const leased = await refuseOthersAtWork(context, releases)
  const [records] = await Promise.all([cluster.pausingRecords(), askHolders(context, leased)])
  const others = holdersAmong(records, endpoints).filter((holder) => !leased.includes(holder))
  await askHolders(context, others)
  const holders = [...leased, ...others]
  // A pause that they have ended since is no longer theirs.
  const left = await Promise.all(
    records.map(async (record) =>
      holders.includes(record.operation) ? ((await cluster.findRecord(record.operation)) ?? record) : record,
    ),
  )
  const ended = await Promise.all(
    servers.map((server) => unpauseOne(context, server, () => isOurPause(server.endpoint, left))),
  )
  return { holders, failure: await report(context, ended, left, holders) }
}

/** Says and records the outcome for each server. @returns why some are not unpaused */
async function report(
  context: Context,
  ended: readonly Outcome[],
  records: readonly OperationRecord[],
  holders: readonly string[] = [],
): Promise<Failure | undefined> {
  const { events, record } = context
  const of = (outcome: Outcome['outcome']) =>
    ended.flatMap((one) => (one.outcome === outcome ? [one.server.endpoint.address] : []))
  const [unpaused, stillPaused] = [[...of('answered'), ...of('gone')], of('stillPaused')]
  const count = unpaused.length
  const serving = of('open').length
  const others =
    holders.length === 0 ? `${serving} were not paused` : `${serving} serve, which ${holders.join(', ')} held`
  events.say('unpaused', `${count} unpaused, ${others}`, { data: { count } })
  await record.update((current) => {
    current.stillPaused = stillPaused
  })
  await clearRecords(context, records, unpaused)
  if (stillPaused.length > 0) {
    events.say('still-paused', `STILL PAUSED: ${stillPaused.join(', ')}`, {
      level: 'error',
      data: { addresses: stillPaused },
    })
    return new Failure({
      what: `${stillPaused.length === 1 ? '1 server' : `${stillPaused.length} servers`} could not be unpaused`,
      why: `${stillPaused.join(', ')} did not answer`,
      next: '`kubectl scalardl doctor` shows what is wrong with them; restarting a pod ends its pause as well',
    })
  }
  const left = ended.flatMap(({ server, why }) => (why === undefined ? [] : [`${titleOf(server.endpoint)}: ${why}`]))
  if (left.length === 0) return undefined
  const endpoints = ended.flatMap(({ server, why }) => (why === undefined ? [] : [server.endpoint]))
  const releases = endpoints.flatMap(({ release }) => release ?? [])
  const addresses = endpoints.map(({ address }) => address)
  return leftAlone(left, unpauseCommand({ releases, addresses, namespace: context.cluster.namespace }))
}

/** What came of one server. */
interface Outcome {
  server: Server
  /** `open`: it was not paused; `left`: it may be paused, but not by us */
  outcome: keyof Unpaused | 'open' | 'left'
  /** it was left alone */
  why?: string
}

/** Unpauses one server beside all others: a slow one keeps no other paused. */
async function unpauseOne(
  { cluster, request, signal }: Context,
  server: Server,
  mayEnd: () => boolean,
): Promise<Outcome> {
  const tls = adminTls(request.target)
  const trouble = (await connectAll([server], tls)).get(server)
  const paused = trouble === undefined ? await ask(server) : undefined
  if (paused === false) return { server, outcome: 'open' }
  if (!mayEnd()) {
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

/** Corrects records of operations that have ended and still call these servers paused. */
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

function leftAlone(titles: readonly string[], command: string): Failure {
  return new Failure({
    what: `${titles.length === 1 ? '1 server was left as it is' : `${titles.length} servers were left as they are`}`,
    why: `${titles.join('; ')}; no record of this namespace shows a pause of ours there`,
    next: `if nobody needs that pause, end it with \`${command} --force\``,
  })
}
