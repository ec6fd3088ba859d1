import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../error-code.ts'

/** Values of some keys of a Secret that the kubelet has put into a folder; undefined for those it does not have. */
export async function readSecret(folder: string, keys: readonly string[]): Promise<(string | undefined)[]> {
  return await Promise.all(
    keys.map(async (key) => {
      try {
        return (await readFile(join(folder, key), 'utf8')).trim()
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return undefined
        throw error
      }
    }),
  )
}
