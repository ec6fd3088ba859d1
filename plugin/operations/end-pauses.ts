import { Failure, messageOf } from '../../operation/failure.ts'
import { configMapName, endRequestKey, kindOf } from '../../operation/names.ts'
import type { OperationRecord } from '../../operation/record.ts'
import { isFinal } from '../../operation/outcome/outcome.ts'
import { awaitRecord } from '../kubernetes/jobs/operation-outcome.ts'
import type { Session } from '../kubernetes/api/session.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** How long an operation that holds a pause may take to end it before it is unpaused without it, ms. */
const silentMs = 5000
/** How long an operation may take for its verdict once all servers serve, ms. */
const verdictMs = 60_000

/**
 * The operations of `pause` among those at work, which may be asked to end.
 * @param holders by release
 * @throws Failure naming any other operation, whose pause must not be ended from outside
 */
export function refuseOthersAtWork({ namespace }: Session, holders: ReadonlyMap<string, string>): void {
  for (const [release, operation] of holders) {
    if (kindOf(operation) === 'pause') continue
    throw new Failure({
      what: `nothing was unpaused: ${operation} is at work on ${release}`,
      why: 'it ends its pause by itself; ended from outside, the pause proves nothing and its work is lost',
      next:
        `wait for it, or end it with: kubectl scalardl cancel ${operation} -n ${namespace}; ` +
        '--force unpauses although it is at work',
    })
  }
}

/**
 * Asks the operations that hold a pause to end it, and waits until each has ended it or was silent for 5 s. Never
 * throws.
 */
export async function askHolders(session: Session, terminal: Terminal, holders: readonly string[]): Promise<void> {
  const { core, namespace } = session
  const body = { data: { [endRequestKey]: 'unpause --direct' } }
  await Promise.all(
    holders.map(async (holder) => {
      try {
        await core.patchNamespacedConfigMap({ name: configMapName(holder, 'record'), namespace, body })
        const signal = AbortSignal.any([terminal.interrupted, AbortSignal.timeout(silentMs)])
        await awaitRecord(session, holder, signal, isFinal)
      } catch (error) {
        terminal.warning(`${holder} has not ended its pause by itself (${messageOf(error)}); unpausing without it`)
      }
    }),
  )
}

/**
 * Waits for the verdict of the operations whose pause was ended. Until then their workers and guards would take
 * somebody else's pause for theirs.
 * @returns the records of those that have ended
 */
export async function awaitHolders(
  session: Session,
  terminal: Terminal,
  holders: readonly string[],
): Promise<OperationRecord[]> {
  const signal = AbortSignal.any([terminal.interrupted, AbortSignal.timeout(verdictMs)])
  const records = await Promise.all(
    holders.map(async (operation) => {
      try {
        return [await awaitRecord(session, operation, signal, isFinal)]
      } catch {
        terminal.warning(
          `${operation} has not ended yet, and may end a pause that is made meanwhile; ` +
            `\`kubectl scalardl cancel ${operation} -n ${session.namespace}\` ends it`,
        )
        return []
      }
    }),
  )
  return records.flat()
}
