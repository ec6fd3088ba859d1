import { setTimeout as sleep } from 'node:timers/promises'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure, messageOf } from '../../operation/failure.ts'
import { kindOf } from '../../operation/names.ts'
import { pausedAmong } from '../../operation/outcome/pause-ownership.ts'
import type { OperationRecord, PausedEndpoint } from '../../operation/record.ts'
import { isFinal, concludeByJob } from '../../operation/outcome/outcome.ts'
import type { OperationContext } from '../context/operation-context.ts'

type Context = OperationContext<'unpause'>

/** How long an operation that holds a pause may take to end it before it is unpaused without it, ms. */
const silentMs = 5000
/** How long an operation may take for its verdict once all servers serve, ms. */
const verdictMs = 60_000
const lookMs = 300

/**
 * The operations that hold a Lease of these releases. An operation of `pause` may be asked to end.
 * @throws Failure naming another operation at work, whose pause must not be ended from outside
 */
export async function refuseOthersAtWork(
  { cluster, request }: Context,
  releases: readonly string[],
): Promise<string[]> {
  const holders = await cluster.leasesOfOthers(releases, request.operation)
  for (const [release, operation] of holders) {
    if (kindOf(operation) !== 'pause') throw atWork(release, operation, cluster.namespace)
  }
  return [...new Set(holders.values())]
}

function atWork(release: string, operation: string, namespace: string): Failure {
  return new Failure({
    what: `nothing was unpaused: ${operation} is at work on ${release}`,
    why: 'it ends its pause by itself; ended from outside, the pause proves nothing and its work is lost',
    next:
      `wait for it, or end it with: kubectl scalardl cancel ${operation} -n ${namespace}; ` +
      '--force unpauses although it is at work',
  })
}

/**
 * The operations of `pause` that hold one of these servers, by their records: servers that are not pods have no Lease.
 */
export function holdersAmong(records: readonly OperationRecord[], servers: readonly PausedEndpoint[]): string[] {
  return records
    .filter((record) => record.kind === 'pause' && !isFinal(record) && pausedAmong(record, servers).length > 0)
    .map(({ operation }) => operation)
}

/**
 * Asks the operations that hold a pause to end it, and waits until each has ended it or was silent for 5 s. Never
 * throws.
 */
export async function askHolders(context: Context, holders: readonly string[]): Promise<void> {
  const { cluster, events, request } = context
  await Promise.all(
    holders.map(async (holder) => {
      try {
        await cluster.askToEnd(holder, request.operation)
        if (isFinal(await lookUntilFinal(context, holder, silentMs))) return
        events.say('note', `${holder} does not answer; unpausing without it`, { level: 'warning' })
      } catch (error) {
        events.say('note', `${holder} cannot be asked to end its pause: ${messageOf(error)}`, { level: 'warning' })
      }
    }),
  )
}

/**
 * Waits for the verdict of the operations whose pause was ended, and records it. Until then their workers and guards
 * would take somebody else's pause for theirs.
 * @returns a Failure (exit code 3) where a pause is void or has no verdict yet
 */
export async function judge(context: Context, holders: readonly string[]): Promise<Failure | undefined> {
  const { cluster, record } = context
  const ended = await Promise.all(holders.map((holder) => lookUntilFinal(context, holder, verdictMs)))
  await record.update((current) => {
    current.ended = ended.flatMap(({ operation, windows }) => {
      const window = windows.at(-1)
      return window === undefined ? [] : [{ operation, window }]
    })
  })
  const open = ended.find((one) => !isFinal(one))
  if (open !== undefined) return notJudged(open.operation, cluster.namespace)
  const spoilt = ended.find(({ windows }) => windows.at(-1)?.verdict === 'void')
  return spoilt === undefined ? undefined : provesNothing(spoilt)
}

async function lookUntilFinal(
  { cluster, signal }: Context,
  operation: string,
  patienceMs: number,
): Promise<OperationRecord> {
  const endMs = performance.now() + patienceMs
  for (;;) {
    const job = await cluster.workerJob(operation)
    const record = concludeByJob(await cluster.readRecord(operation), job)
    if (isFinal(record) || performance.now() > endMs) return record
    await sleep(lookMs, undefined, { signal })
  }
}

function provesNothing({ operation, windows }: OperationRecord): Failure {
  return new Failure(
    {
      what:
        `all serve again, but the pause of ${operation} proves nothing: ` +
        'do not rely on a backup that was taken in it',
      why: windows.at(-1)?.reasons.join('; ') ?? 'it has no window',
      next: 'pause again, and take the backup anew',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}

function notJudged(operation: string, namespace: string): Failure {
  return new Failure(
    {
      what: `all serve again, but ${operation} has not said yet what its pause is worth`,
      why: 'its worker has not ended; it may end a pause that is made meanwhile',
      next:
        `wait for it: kubectl scalardl wait ${operation} -n ${namespace}; ` +
        `or end it with: kubectl scalardl cancel ${operation} -n ${namespace}`,
    },
    { exitCode: ExitCode.backupUnusable },
  )
}
