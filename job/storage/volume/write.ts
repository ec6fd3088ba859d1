import { createHash } from 'node:crypto'
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Written } from '../storage.ts'
import { taken } from '../taken.ts'
import { errorCode } from '../error-code.ts'
import { guarded } from './error.ts'
import { exists, flush, makeFolder } from './folder.ts'
import { hiddenFile } from './hidden.ts'

/** A file to be written: its place on the volume, and how people know it. */
export interface Target {
  place: string
  title: string
  path: string
}

/** Writes a file where there is none; see Storage.write. */
export async function writeNew(target: Target, content: Readable, signal: AbortSignal): Promise<Written> {
  return await writeWhole(target, content, signal, {
    // Not only at its end: what is refused anyway may be long.
    begin: () => refuseTaken(target),
    publish: (temporary) => giveName(temporary, target),
  })
}

/** Writes a file in the place of what may be there; see Storage.replace. */
export async function writeOver(target: Target, content: Readable, signal: AbortSignal): Promise<Written> {
  return await writeWhole(target, content, signal, { publish: (temporary) => rename(temporary, target.place) })
}

async function writeWhole(
  { place, title, path }: Target,
  content: Readable,
  signal: AbortSignal,
  { begin, publish }: { begin?: () => Promise<void>; publish(temporary: string): Promise<void> },
): Promise<Written> {
  const onVolume = <T>(run: () => Promise<T>) => guarded(title, `${path} cannot be written`, run)
  const temporary = hiddenFile(place)
  try {
    signal.throwIfAborted()
    await begin?.()
    await onVolume(() => makeFolder(dirname(place)))
    const file = await onVolume(() => open(temporary, 'wx'))
    try {
      const written = await fill(file, content, signal, onVolume)
      await onVolume(() => file.sync())
      signal.throwIfAborted()
      await onVolume(() => publish(temporary))
      await onVolume(() => flush(dirname(place)))
      return written
    } finally {
      await file.close()
    }
  } catch (error) {
    content.destroy()
    await rm(temporary, { force: true }).catch(() => undefined)
    if (signal.aborted) throw signal.reason
    throw error
  }
}

/** Chunk by chunk, each on the volume before the next is asked for. */
async function fill(
  file: FileHandle,
  content: Readable,
  signal: AbortSignal,
  onVolume: <T>(run: () => Promise<T>) => Promise<T>,
): Promise<Written> {
  const hash = createHash('sha256')
  let bytes = 0
  const drain = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) {
      hash.update(chunk)
      bytes += chunk.byteLength
      // Unlike write(), this goes on until all of it is written.
      await onVolume(() => file.writeFile(chunk))
    }
  }
  await pipeline(content, drain, { signal })
  return { bytes, sha256: hash.digest('hex') }
}

/**
 * Gives a file its name unless that is taken. A hard link does so in one act; on a volume that has none, such as a
 * share of SMB, two who write at the same moment may both succeed, the later in the earlier one's place.
 */
async function giveName(temporary: string, target: Target): Promise<void> {
  try {
    await link(temporary, target.place)
    await rm(temporary)
  } catch (error) {
    const code = errorCode(error) ?? ''
    if (code === 'EEXIST') throw taken(target.title, target.path)
    if (!withoutLinks.has(code)) throw error
    await refuseTaken(target)
    await rename(temporary, target.place)
  }
}

async function refuseTaken({ place, title, path }: Target): Promise<void> {
  if (await exists(place)) throw taken(title, path)
}

/** What link(2) answers on a file system without hard links. */
const withoutLinks = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])
