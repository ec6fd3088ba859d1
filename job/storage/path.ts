import { Failure } from '../../operation/failure.ts'

/**
 * Keeps what a record says of a storage within that storage: records are read from it, and who wrote them there is
 * unknown.
 * @throws Failure for a path that is none, see Storage
 */
export function checkPath(title: string, path: string): void {
  const parts = path.split('/')
  if (!path.includes('\0') && parts.every((part) => part !== '' && part !== '.' && part !== '..')) return
  throw new Failure({
    what: `${title}: "${path}" is no path in a storage`,
    why: 'each of its parts, between slashes, needs a name other than "." and ".."',
    next: 'check who may write to the storage, then use another backup',
  })
}
