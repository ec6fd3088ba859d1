import { constants } from 'node:fs'
import { access, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../../operation/failure.ts'
import type { Stage, Storage } from './storage.ts'
import { errorCode, volumeFailure } from './volume-error.ts'
import { makeFolder } from './volume-folder.ts'
import { probeVolume } from './volume-probe.ts'

/** A folder's place while it is being written or removed: hidden, beside its own, so that renaming it is one act. */
function hidden(path: string): string {
  return join(dirname(path), `.${basename(path)}.partial`)
}

/**
 * Storage on a mounted volume.
 * @param root folder on the volume; made when first written to
 * @param title the location for people
 */
export function volumeStorage(root: string, title: string): Storage {
  const guarded = async <T>(what: string, run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (error) {
      throw volumeFailure(title, what, error)
    }
  }
  return {
    title,
    preflight: (bytes) => probeVolume(root, title, bytes),
    stage: (folder) => guarded(`${folder} cannot be written`, () => stage(join(root, folder), title, guarded)),
    open: async (folder) => {
      if (!(await exists(join(root, folder)))) {
        throw new Failure({
          what: `${title}: there is no ${folder}`,
          why: 'the volume holds no such backup, or one that was never completed',
          next: 'check that the PersistentVolumeClaim is the one that the backup was written to',
        })
      }
      return { path: join(root, folder), release: () => Promise.resolve() }
    },
    writeFile: (path, content) => guarded(`${path} cannot be written`, () => replaceFile(join(root, path), content)),
    readFile: (path) => guarded(`${path} cannot be read`, () => readIfThere(join(root, path))),
    remove: (folder) => guarded(`${folder} cannot be removed`, () => removeFolder(join(root, folder))),
  }
}

async function stage(
  final: string,
  title: string,
  guarded: <T>(what: string, run: () => Promise<T>) => Promise<T>,
): Promise<Stage> {
  if (await exists(final)) {
    throw new Failure({
      what: `${title}: ${basename(final)} cannot be written`,
      why: 'a backup of that name is there already',
      next: 'choose another name with --name, or delete that backup first',
    })
  }
  const path = hidden(final)
  await rm(path, { recursive: true, force: true })
  await makeFolder(path)
  return {
    path,
    publish: () =>
      guarded(`${basename(final)} cannot be completed`, async () => {
        await flushTree(path)
        await rename(path, final)
        await flush(dirname(final))
      }),
    discard: () => guarded(`${basename(final)} cannot be cleaned up`, () => rm(path, { recursive: true, force: true })),
  }
}

async function replaceFile(path: string, content: string): Promise<void> {
  await makeFolder(dirname(path))
  const temporary = hidden(path)
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await flush(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}

/** Out of sight first: a folder half removed by a killed run must not look like a backup. */
async function removeFolder(path: string): Promise<void> {
  await rm(hidden(path), { recursive: true, force: true })
  try {
    await rename(path, hidden(path))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    throw error
  }
  await rm(hidden(path), { recursive: true, force: true })
}

async function exists(path: string): Promise<boolean> {
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

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
