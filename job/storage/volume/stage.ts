import { constants } from 'node:fs'
import { access, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Stage } from '../local-folders.ts'
import { taken } from '../taken.ts'
import { guarded } from './error.ts'
import { flush, makeFolder } from './folder.ts'
import { hiddenFolder } from './hidden.ts'

/** Begins a folder on a volume; see LocalFolders. */
export async function stageFolder(final: string, title: string): Promise<Stage> {
  const name = basename(final)
  if (await exists(final)) throw taken(title, name)
  const path = hiddenFolder(final)
  await rm(path, { recursive: true, force: true })
  await makeFolder(path)
  return {
    path,
    publish: () =>
      guarded(title, `${name} cannot be completed`, async () => {
        await flushTree(path)
        await rename(path, final)
        await flush(dirname(final))
      }),
    discard: () => guarded(title, `${name} cannot be cleaned up`, () => rm(path, { recursive: true, force: true })),
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

/** Everything below a folder onto the disk, files before the folders that name them. */
async function flushTree(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    await (entry.isDirectory() ? flushTree(join(path, entry.name)) : flush(join(path, entry.name)))
  }
  await flush(path)
}
