/** Lets one at a time work on each key. */
export class KeyedLock {
  readonly #last = new Map<string, Promise<void>>()

  /** Does `work` while nobody else works on any of the keys. */
  async with<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const own = [...new Set(keys)]
    const { promise, resolve } = Promise.withResolvers<void>()
    // All are taken in one go, so that nobody waits for a key while holding one that its holder waits for.
    const before = own.map((key) => this.#last.get(key))
    for (const key of own) this.#last.set(key, promise)
    try {
      await Promise.all(before)
      return await work()
    } finally {
      for (const key of own) if (this.#last.get(key) === promise) this.#last.delete(key)
      resolve()
    }
  }
}
