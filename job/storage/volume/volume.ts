// Room: a storage on a mounted volume.
// Read volume, write, read, hidden, probe.

import { readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { checkPath } from '../path.ts'
import type { Storage } from '../storage.ts'
import { errorCode } from '../error-code.ts'
import { guarded } from './error.ts'
import { exists, flush } from './folder.ts'
import { hiddenFolder, isHidden, refuseHidden } from './hidden.ts'
import { probeVolume } from './probe.ts'
import { listFiles, readFile, refuseDetour } from './read.ts'
import { writeNew, writeOver, type Target } from './write.ts'

/**
 * Storage on a mounted volume.
 * @param root folder on the volume; made when first written to
 * @param title the location for people
 * @param mount where the volume itself is mounted: below it nothing may be a link
 */
export function volumeStorage(root: string, title: string, mount: string = root): Storage {
  const volume = { root, title, mount }
  const placeOf = (path: string): string => {
    checkPath(title, path)
    refuseHidden(title, path)
    return join(root, path)
  }
  const targetOf = (path: string, content: Readable): Target => {
    try {
      return { place: placeOf(path), title, path }
    } catch (error) {
      content.destroy()
      throw error
    }
  }
  return {
    title,
    preflight: (bytes, operation) => probeVolume(volume, bytes, operation),
    write: async (path, content, signal) => writeNew(targetOf(path, content), content, signal),
    replace: async (path, content, signal) => writeOver(targetOf(path, content), content, signal),
    async read(path, range = { first: 0 }) {
      placeOf(path)
      return await readFile(volume, path, range)
    },
    async *list(folder) {
      if (folder !== '') placeOf(folder)
      yield* listFiles(volume, folder)
    },
    async removeUnfinished(folder) {
      const place = placeOf(folder)
      await guarded(title, `what is unfinished in ${folder} cannot be removed`, async () => {
        if (!(await exists(place))) return
        await refuseDetour(volume, folder)
        const found = await readdir(place, { recursive: true, withFileTypes: true })
        for (const { name, parentPath } of found.filter((one) => one.isFile() && isHidden(one.name)))
          await rm(join(parentPath, name))
      })
    },
    async delete(folder) {
      const place = placeOf(folder)
      await guarded(title, `${folder} cannot be removed`, async () => {
        if (!(await exists(place)) && !(await exists(hiddenFolder(place)))) return
        await refuseDetour(volume, dirname(folder))
        await removeFolder(place)
      })
    },
  }
}

/** Out of sight first: a folder half removed by a killed run must not look like a backup. */
async function removeFolder(path: string): Promise<void> {
  await rm(hiddenFolder(path), { recursive: true, force: true })
  try {
    await rename(path, hiddenFolder(path))
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return
    throw error
  }
  await flush(dirname(path))
  await rm(hiddenFolder(path), { recursive: true, force: true })
}
