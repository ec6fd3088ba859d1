// Room: what stands in for the services that a release needs, and what several of these stand-ins share.
// Read fetched-once, debian-packages, server-process, free-port, one-pod, then one of the rooms below.

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../../build/cache.ts'

/**
 * A folder of the cache that is filled once: in a folder of its own first, so that what is there is whole.
 * @param fetch fills the folder it is given, which exists and is empty
 * @throws what `fetch` throws
 */
export async function fetchedOnce(name: string, fetch: (folder: string) => Promise<void>): Promise<string> {
  const cache = cacheFolder()
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  await mkdir(cache, { recursive: true })
  const arriving = await mkdtemp(join(cache, `${name}-`))
  try {
    await fetch(arriving)
    await rename(arriving, folder)
  } catch (error) {
    // Another run may have been faster.
    if (!existsSync(folder)) throw error
  } finally {
    await rm(arriving, { recursive: true, force: true })
  }
  return folder
}
