import type { Test } from 'tap'

/** The machine's clock, until the test's end so much ahead of its time, ms. */
export function setClock(t: Test, byMs: number): void {
  const { now } = Date
  Date.now = () => now() + byMs
  t.teardown(() => {
    Date.now = now
  })
}

/**
 * Lets so much time pass, until the test's end, between any two looks at the clock that nobody sets, ms. @returns ends
 * it before
 */
export function passing(t: Test, byMs: number): () => void {
  const now = performance.now.bind(performance)
  let ms = now()
  performance.now = () => (ms += byMs)
  const end = () => {
    performance.now = now
  }
  t.teardown(end)
  return end
}
