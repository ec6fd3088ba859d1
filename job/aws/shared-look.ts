import { coalesced } from '../journal/one-save-at-a-time.ts'

/**
 * One look for many who ask at about the same time: each gets what a look that began after its question has seen. For
 * what AWS answers for a whole account at once, and seldom.
 */
export function sharedLook<T>(look: () => Promise<T>): () => Promise<T> {
  const seen: { latest?: T } = {}
  const refresh = coalesced(async () => {
    seen.latest = await look()
  })
  return async () => {
    await refresh()
    return seen.latest as T
  }
}
