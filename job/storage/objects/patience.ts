/** How long an object store is waited for. */
export interface StorePatience {
  /** how long a call is tried again, ms */
  retryMs: number
  /** how long a connection may be silent, ms */
  silentMs: number
  /** the same two for a preflight, which tells of what is wrong soon */
  preflightRetryMs: number
}

export const usualPatience: StorePatience = { retryMs: 300_000, silentMs: 60_000, preflightRetryMs: 10_000 }
