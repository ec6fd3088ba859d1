import type { Readable } from 'node:stream'
import { Failure } from '../../operation/failure.ts'

/** Whether a path stays within a storage: its parts, between slashes, have names other than "." and "..". */
export function isStoragePath(path: string): boolean {
  return !path.includes('\0') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

/**
 * Keeps what a record says of a storage within that storage: records are read from it, and who wrote them there is
 * unknown.
 * @throws Failure for a path that is none, see Storage
 */
export function checkPath(title: string, path: string): void {
  if (isStoragePath(path)) return
  throw new Failure({
    what: `${title}: "${path}" is no path in a storage`,
    why: 'each of its parts, between slashes, needs a name other than "." and ".."',
    next: 'check who may write to the storage, then use another backup',
  })
}

/** Checks a path before content is written to it; where it is refused, nobody has to wait for the content's reader. */
export function checkedPath(path: string, content: Readable, check: (path: string) => void): string {
  try {
    check(path)
    return path
  } catch (error) {
    content.destroy()
    throw error
  }
}
