import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { OurPauses, SentPause } from './pause-all.ts'
import { answerMs } from './servers.ts'
import { unpauseAll, type Helper, type Unpaused } from './unpause-all.ts'

const lookMs = 200
/** A worker that has to end leaves its pod time for all else. */
const onceStoppingMs = 15_000

/**
 * Unpauses what we paused, as unpauseAll() does, and sees to it that it stays so. A Pause without an answer may take effect
 * after our Unpause: one that waits for another's drain takes its turn when that ends (GateKeeper.pauseAndAwaitDrained of
 * scalar-labs/scalardl), and one whose connection was lost may be read late. Its server is looked after until the answer comes
 * or its wait must be over.
 * @param helper as in unpauseAll()
 */
export async function unpauseOurs(ours: OurPauses, cluster: Cluster, stopping: AbortSignal, helper?: Helper): Promise<Unpaused> {
  const sent = [...ours.values()]
  const late = sent.filter(({ outcome }) => outcome === undefined || outcome.kind === 'lost')
  const unpaused = await unpauseAll(sent.map(({ server }) => server), cluster, stopping, undefined, helper)
  const closedAgain = await Promise.all(late.map((one) => keepOpen(one, stopping)))
  const again = late.filter((_, index) => closedAgain[index] === true).map(({ server }) => server)
  if (again.length === 0) return unpaused
  const { stillPaused } = await unpauseAll(again, cluster, stopping)
  const open = (address: string) => !stillPaused.includes(address)
  return { answered: unpaused.answered.filter(open), gone: unpaused.gone.filter(open), stillPaused: [...new Set([...unpaused.stillPaused, ...stillPaused])] }
}

/**
 * Keeps a server open that was unpaused, until its Pause can no longer take effect.
 * @returns whether it has to be unpaused once more, as it is closed, or cannot say
 */
export async function keepOpen(sent: SentPause, stopping: AbortSignal): Promise<boolean> {
  const { client } = sent.server
  const begunMs = performance.now()
  for (;;) {
    const nowMs = performance.now()
    const over = nowMs > sent.overMs || (stopping.aborted && nowMs > begunMs + onceStoppingMs)
    // Anything but `paused` is the server's word that our Pause has no effect any more.
    if (sent.outcome !== undefined && sent.outcome.kind !== 'lost') return sent.outcome.kind === 'paused'
    const paused = await client.checkPaused(answerMs).catch(() => undefined)
    if (over) return paused !== false
    if (paused === true) await client.unpause(answerMs).catch(() => undefined)
    await sleep(lookMs)
  }
}
