import type { Held } from '../storage.ts'

const atOnce = 16

/**
 * What of some files a store keeps from being removed; see Storage.held.
 * @param keptUntilMs until when it keeps one, ms since 1970: Infinity for a legal hold, a time that is over for none
 */
export async function heldAmong(
  files: AsyncIterable<{ path: string }>,
  keptUntilMs: (path: string) => Promise<number>,
): Promise<Held | undefined> {
  let held = 0
  let untilMs: number | undefined
  const look = async (path: string) => {
    const ownMs = await keptUntilMs(path)
    if (ownMs <= Date.now()) return
    held += 1
    untilMs = Math.max(untilMs ?? ownMs, ownMs)
  }
  let looking: Promise<void>[] = []
  for await (const { path } of files) {
    looking.push(look(path))
    if (looking.length < atOnce) continue
    await Promise.all(looking)
    looking = []
  }
  await Promise.all(looking)
  if (untilMs === undefined) return undefined
  return { files: held, ...(untilMs === Infinity ? {} : { until: new Date(untilMs).toISOString() }) }
}
