import type { Events } from '../../process/events.ts'

/** How often progress is told, ms. */
const progressMs = 2_000

/** Tells of bytes done until the returned function is called; `measure` may fail, then nothing is told. */
export function tellProgress(events: Events, title: string, total: number, measure: () => Promise<number>): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    void measure()
      .then((done) => events.say('progress', title, { data: { subject: title, done, total, unit: 'bytes' } }))
      .catch(() => undefined)
      .finally(() => (busy = false))
  }, progressMs)
  return () => clearInterval(timer)
}
