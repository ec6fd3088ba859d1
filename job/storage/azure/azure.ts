// Room: a part of a container of Azure Blob Storage as a storage.
// Read azure, container, write, read, delete, error.

import { Failure } from '../../../operation/failure.ts'
import type { AzureLocation } from '../../../operation/storage/object-location.ts'
import { probeStore } from '../objects/probe.ts'
import { usualPatience, type StorePatience } from '../objects/patience.ts'
import { upload } from '../objects/upload.ts'
import { checkedPath, checkPath } from '../path.ts'
import type { Storage } from '../storage.ts'
import { openContainer, type Container } from './container.ts'
import { deleteFolder } from './delete.ts'
import { heldBlobs, refusesChange } from './held.ts'
import { listBlobs, readBlob } from './read.ts'
import { azureTarget } from './write.ts'

/**
 * Storage in a container of Azure; nothing is touched yet.
 * @param secrets folder with the keys of the Secret that the location names, as files
 */
export function azureStorage(
  location: AzureLocation,
  secrets: string | undefined,
  patience: StorePatience = usualPatience,
): Storage {
  const { silentMs, preflightRetryMs } = patience
  return {
    ...storageIn(openContainer(location, secrets, patience)),
    async preflight(_, operation) {
      const impatient = { retryMs: preflightRetryMs, silentMs: Math.min(silentMs, preflightRetryMs) }
      const container = openContainer(location, secrets, impatient)
      const refused = await refusesChange(container)
      return refused.length > 0 ? refused : await probeStore(storageIn(container), operation)
    },
  }
}

function storageIn(container: Container): Omit<Storage, 'preflight'> {
  const { title } = container
  const checked = (path: string): string => {
    checkPath(title, path)
    if (!path.includes('\\')) return path
    throw new Failure({
      what: `${title}: ${path} cannot be used`,
      why: 'Azure takes a backslash for a slash',
      next: 'choose another name',
    })
  }
  return {
    title,
    write: async (path, content, signal) =>
      await upload(content, signal, azureTarget(container, checkedPath(path, content, checked), 'new')),
    replace: async (path, content, signal) =>
      await upload(content, signal, azureTarget(container, checkedPath(path, content, checked), 'replace')),
    async read(path, range = { first: 0 }) {
      return await readBlob(container, checked(path), range)
    },
    async *list(folder) {
      if (folder !== '') checked(folder)
      for await (const { path, bytes } of listBlobs(container, folder)) yield { path, bytes }
    },
    // The next write of a name forgets its blocks, and Azure the others a week later.
    removeUnfinished: () => Promise.resolve(),
    held: (folder) => heldBlobs(container, checked(folder)),
    async delete(folder) {
      await deleteFolder(container, checked(folder))
    },
  }
}
