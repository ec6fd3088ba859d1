// Room: what stands in for the services that a release needs, and what several of these stand-ins share.
// Read fetched-once, debian-packages, maven-packages, server-process, free-port, one-pod, then one of the rooms below.

import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../../build/cache.ts'
import { withLock } from '../../build/lock.ts'

/**
 * A folder of the cache that is filled once, by one process while others wait: in a folder of its own first, so that
 * what is there is whole.
 * @param fetch fills the folder it is given, which exists and is empty
 * @throws what `fetch` throws
 */
export async function fetchedOnce(name: string, fetch: (folder: string) => Promise<void>): Promise<string> {
  const cache = cacheFolder()
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  return withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return folder
    const arriving = await mkdtemp(`${folder}-`)
    try {
      await fetch(arriving)
      await rename(arriving, folder)
    } finally {
      await rm(arriving, { recursive: true, force: true })
    }
    return folder
  })
}
