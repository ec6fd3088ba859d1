import { constants } from 'node:fs'
import { access, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode } from '../error-code.ts'

/**
 * Makes a folder and those above it, durably. Node's own `recursive` tells of a read-only volume as ENOENT.
 * @returns the first folder that had to be made, undefined where all were there
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  try {
    await mkdir(path)
    await flush(dirname(path))
    return path
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return undefined
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error
  }
  const above = await makeFolder(dirname(path))
  // Another dump of the same backup may have made it meanwhile.
  const made = await makeFolder(path)
  return above ?? made
}

/** A file's content, or a folder's names, onto the disk. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Whether there is something of that path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK)
    return true
  } catch {
    return false
  }
}
