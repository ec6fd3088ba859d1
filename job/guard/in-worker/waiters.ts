import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for conditions, which are looked at again whenever something has changed. */
export interface Waiters {
  tell(): void
  /** @returns whether it came to hold in time. @throws the signal's reason */
  until(holds: () => boolean, signal: AbortSignal, timeoutMs: number): Promise<boolean>
}

export function waiters(): Waiters {
  const waiting = new Set<() => void>()
  return {
    tell() {
      for (const look of waiting) look()
    },
    async until(holds, signal, timeoutMs) {
      signal.throwIfAborted()
      if (holds()) return true
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = () => {
        if (holds() || signal.aborted) resolve()
      }
      waiting.add(look)
      signal.addEventListener('abort', look, { once: true })
      await Promise.race([promise, sleep(timeoutMs, undefined, { ref: false })])
      waiting.delete(look)
      signal.removeEventListener('abort', look)
      signal.throwIfAborted()
      return holds()
    },
  }
}
