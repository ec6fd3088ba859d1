import { readFile } from 'node:fs/promises'

/**
 * The text of a file of an optional mount; undefined where it was not mounted.
 * @throws the system's error where it is there and cannot be read: that is not as if it were absent
 */
export async function readMounted(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw error
  }
}
