import type { Test } from 'tap'

/** The machine's clock, until the test's end so much ahead of its time, ms. */
export function setClock(t: Test, byMs: number): void {
  const { now } = Date
  Date.now = () => now() + byMs
  t.teardown(() => {
    Date.now = now
  })
}
