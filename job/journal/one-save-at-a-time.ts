/**
 * Saves one thing at a time: a call while a save runs waits for the next save, which covers every call that came before
 * it began.
 * @param save writes the state as it is at that moment
 * @returns answers when a save that began after the call is done; throws what that save threw
 */
export function coalesced(save: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  function start(): Promise<void> {
    next = undefined
    running = save().finally(() => {
      running = undefined
    })
    return running
  }

  return () => {
    if (next !== undefined) return next
    if (running === undefined) return start()
    next = running.then(start, start)
    return next
  }
}
