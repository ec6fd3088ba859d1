import { pipeline, Transform, type Readable } from 'node:stream'
import type { Storage } from './storage.ts'

/**
 * A storage that is written and read no faster than so, by all streams together.
 * @param bytesPerSecond undefined where there is no limit
 */
export function limited(storage: Storage, bytesPerSecond: number | undefined): Storage {
  if (bytesPerSecond === undefined) return storage
  let freeAtMs = 0
  const paced = (content: Readable): Readable => {
    const pace = new Transform({
      transform(chunk: Buffer, _, done) {
        const nowMs = performance.now()
        freeAtMs = Math.max(freeAtMs, nowMs) + (chunk.byteLength / bytesPerSecond) * 1000
        setTimeout(done, freeAtMs - nowMs, null, chunk)
      },
      // At once, as one that is refused is destroyed without a limit.
      destroy(error, done) {
        content.destroy()
        done(error)
      },
    })
    // Its errors reach whoever reads the result.
    return pipeline(content, pace, () => undefined)
  }
  return {
    ...storage,
    write: (path, content, signal) => storage.write(path, paced(content), signal),
    replace: (path, content, signal) => storage.replace(path, paced(content), signal),
    async read(path, range) {
      const content = await storage.read(path, range)
      return content && paced(content)
    },
  }
}
