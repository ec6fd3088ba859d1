import { setTimeout as sleep } from 'node:timers/promises'
import type { Releases } from '../kubernetes/cluster.ts'
import { underwayMs, type OurPauses, type SentPause } from './pause-all.ts'
import { isOurs } from './pause-reply.ts'
import { answerMs, type Server } from './servers.ts'
import { unpauseAll, type Unpaused } from './unpause-all.ts'

/** Somebody who unpauses the same servers from elsewhere, once asked: the guard. */
export interface Elsewhere {
  help(): void
  /** addresses that serve again by its hand, it says */
  readonly unpaused: ReadonlySet<string>
}

const lookMs = 200
/** An Unpause that took longer was kept from its server, as the Pause before it may have been. ms */
const atOnceMs = 1000

/**
 * Unpauses what we paused, as unpauseAll() does, and sees to it that it stays so. A Pause without an answer may take
 * effect after our Unpause: one that waits for another's drain takes its turn when that ends
 * (GateKeeper.pauseAndAwaitDrained of scalar-labs/scalardl), and one whose connection was lost may be read late. Its
 * server is looked after until the answer comes or its wait must be over.
 * @param elsewhere asked where some server has not answered after a second
 */
export async function unpauseOurs(
  ours: OurPauses,
  cluster: Releases,
  stopping: AbortSignal,
  elsewhere?: Elsewhere,
): Promise<Unpaused> {
  const each = await Promise.all([...ours.values()].map((sent) => unpauseOne(sent, cluster, stopping, elsewhere)))
  return {
    answered: each.flatMap(({ answered }) => answered),
    gone: each.flatMap(({ gone }) => gone),
    stillPaused: each.flatMap(({ stillPaused }) => stillPaused),
  }
}

async function unpauseOne(
  sent: SentPause,
  cluster: Releases,
  stopping: AbortSignal,
  elsewhere?: Elsewhere,
): Promise<Unpaused> {
  const late = sent.outcome === undefined || sent.outcome.kind === 'lost'
  const askedMs = performance.now()
  const unpaused = await unpauseAll([sent.server], cluster, stopping, undefined, {
    help: () => elsewhere?.help(),
    // A refusal that comes late says that nothing of ours is closed there, whatever becomes of the Unpause.
    serves: async (server) =>
      isRefused(sent) || (elsewhere?.unpaused.has(server.endpoint.address) === true && isOpen(server)),
  })
  if (!late || unpaused.answered.length === 0) return unpaused
  sent.overMs = overAfterCut(sent, askedMs)
  return (await keepOpen(sent)) ? unpauseAll([sent.server], cluster, stopping) : unpaused
}

/** What others say of a server is only believed where the server itself does not deny it. */
async function isOpen({ client }: Server): Promise<boolean> {
  return (await client.checkPaused(answerMs).catch(() => undefined)) !== true
}

function isRefused({ outcome }: SentPause): boolean {
  return outcome !== undefined && !isOurs(outcome)
}

/**
 * When a Pause without an answer can no longer take effect, told by its Unpause that was just answered. Where something
 * kept that from the server, the Pause may be on its way still: the kernel sends what was not acknowledged again, for a
 * process that is gone as well, and waits twice as long each time (RFC 6298, 5.5). So it comes within as long again as
 * it has been under way, or not at all.
 * @param askedMs when the Unpause was first sent, ms of the monotonic clock
 */
export function overAfterCut({ sentMs, overMs }: Pick<SentPause, 'sentMs' | 'overMs'>, askedMs: number): number {
  const nowMs = performance.now()
  return nowMs - askedMs < atOnceMs ? overMs : Math.max(overMs, nowMs + (nowMs - sentMs) + underwayMs)
}

/**
 * Keeps a server open that was unpaused, until its Pause can no longer take effect.
 * @param letGo what is paused once it has aborted is somebody else's
 * @returns whether it has to be unpaused once more, as it is closed, or cannot say
 */
export async function keepOpen(sent: SentPause, letGo?: AbortSignal): Promise<boolean> {
  const { client } = sent.server
  for (;;) {
    const over = performance.now() > sent.overMs
    // Anything but `paused` is the server's word that our Pause has no effect any more.
    if (sent.outcome !== undefined && sent.outcome.kind !== 'lost') return sent.outcome.kind === 'paused'
    const paused = await client.checkPaused(answerMs).catch(() => undefined)
    if (letGo?.aborted === true) return false
    if (over) return paused !== false
    if (paused === true) await client.unpause(answerMs).catch(() => undefined)
    await sleep(lookMs)
  }
}
