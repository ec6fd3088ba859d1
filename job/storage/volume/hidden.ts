import { randomUUID } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../../../operation/failure.ts'

/** A folder's place while it is being written or removed: hidden, beside its own, so that renaming it is one act. */
export function hiddenFolder(path: string): string {
  return join(dirname(path), `.${basename(path)}.partial`)
}

/** A file's place while it is being written: one for each writer, so that no two write into the same. */
export function hiddenFile(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.partial`)
}

/** Whether a name is that of something unfinished. */
export function isHidden(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.partial')
}

/** @throws Failure for a path that would be taken for something unfinished */
export function refuseHidden(title: string, path: string): void {
  if (!path.split('/').some(isHidden)) return
  throw new Failure({
    what: `${title}: ${path} cannot be used`,
    why: 'names that begin with "." and end with ".partial" are those of unfinished files',
    next: 'choose another name',
  })
}
