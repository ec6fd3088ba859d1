import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../../operation/failure.ts'
import { answerMs, type Server } from '../../servers/servers.ts'
import { titleOf } from '../../servers/targets.ts'

/** A server answers from memory: a question a second costs it nothing, even in a pause of hours. ms */
const paceMs = 1000

/**
 * Paused servers, each asked again and again whether it still is. Between two answers nothing is proven.
 */
export interface ServersWatch {
  /**
   * Asks each a last time.
   * @returns why some server was, or may have been, open since the watch began; each is named once
   */
  lastLook(): Promise<string[]>
  /** The longest time between two answers of one server that it was paused, ms. Undefined where none can say. */
  longestGapMs(): number | undefined
  stop(): void
}

interface Watched {
  server: Server
  /** when the last look was sent that found it paused, ms of performance.now() */
  pausedMs: number
  /** it is older than CheckPaused */
  mute: boolean
  doubt?: string
}

/**
 * Watches servers that have all just answered their Pause.
 * @param opened told at once of a server that was found open
 */
export function watchServers(servers: readonly Server[], opened: (doubt: string) => void): ServersWatch {
  const ended = new AbortController()
  const begunMs = performance.now()
  const watched = servers.map((server): Watched => ({ server, pausedMs: begunMs, mute: false }))
  let gapMs: number | undefined

  /** @throws Error where the server does not answer */
  async function look(one: Watched): Promise<void> {
    const sentMs = performance.now()
    const paused = await one.server.client.checkPaused(answerMs)
    if (paused === undefined) one.mute = true
    if (paused === true) {
      gapMs = Math.max(gapMs ?? 0, Math.ceil(performance.now() - one.pausedMs))
      one.pausedMs = sentMs
    }
    if (paused !== false || one.doubt !== undefined || ended.signal.aborted) return
    one.doubt = `${titleOf(one.server.endpoint)} was unpaused by somebody else`
    opened(one.doubt)
  }

  async function keepLooking(one: Watched): Promise<void> {
    while (one.doubt === undefined && !one.mute) {
      await sleep(paceMs, undefined, { signal: ended.signal })
      // A question without an answer proves nothing; the next or the last one may.
      await look(one).catch(() => undefined)
    }
  }

  for (const one of watched) keepLooking(one).catch(() => undefined)
  return {
    async lastLook() {
      await Promise.all(
        watched.map((one) =>
          look(one).catch((error: unknown) => {
            const title = titleOf(one.server.endpoint)
            one.doubt ??= `${title} could not say whether it was still paused: ${messageOf(error)}`
          }),
        ),
      )
      return watched.flatMap(({ doubt }) => doubt ?? [])
    },
    longestGapMs: () => gapMs,
    stop: () => ended.abort(),
  }
}
