/**
 * Has several workers take items, each the next one, until there are none. What fails in one ends the others.
 * @param work one worker: takes items as long as there are some; its signal is aborted when it is to stop
 * @throws the signal's reason; else what the first worker failed with
 */
export async function shareOut<T>(
  items: readonly T[],
  { workers, signal }: { workers: number; signal: AbortSignal },
  work: (waiting: Iterable<T>, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  // One iterator for all of them.
  const waiting = untilAborted(items, either)
  const each = async () => {
    try {
      await work(waiting, either)
    } catch (error) {
      failed.abort(error)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(workers, items.length)) }, each))
  signal.throwIfAborted()
  failed.signal.throwIfAborted()
}

/** Does several things at once. What fails in one ends the others, and nothing of them runs on afterwards. */
export async function atOnce(
  signal: AbortSignal,
  acts: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  await shareOut(acts, { workers: acts.length, signal }, async (waiting, signal) => {
    for (const act of waiting) await act(signal)
  })
}

function untilAborted<T>(items: readonly T[], signal: AbortSignal): Iterable<T> {
  const rest = items.values()
  const next = () => {
    signal.throwIfAborted()
    return rest.next()
  }
  return { [Symbol.iterator]: () => ({ next }) }
}
