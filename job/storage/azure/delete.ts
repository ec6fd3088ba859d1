import type { Container } from './container.ts'
import { codeOf } from './error.ts'
import { listBlobs } from './read.ts'

const atOnce = 16

/**
 * Removes a folder, see Storage.delete. What lies in it directly goes first: a folder half removed by a killed run must
 * not look like a backup.
 */
export async function deleteFolder(container: Container, folder: string): Promise<void> {
  const below: string[] = []
  const first: string[] = []
  for await (const { name, path } of listBlobs(container, folder, { includeUncommitedBlobs: true })) {
    const isDirect = !path.slice(folder.length + 1).includes('/')
    ;(isDirect ? first : below).push(name)
  }
  for (const names of [first, below])
    for (let from = 0; from < names.length; from += atOnce)
      await Promise.all(names.slice(from, from + atOnce).map((name) => deleteBlob(container, name, folder)))
}

/** Blocks of a killed write that were never committed cannot be deleted, but a blob that takes their place can. */
async function deleteBlob(container: Container, name: string, folder: string): Promise<void> {
  await container.ask(`${folder} cannot be removed`, async (client, abortSignal) => {
    const blob = client.getBlockBlobClient(name)
    const remove = () => blob.delete({ abortSignal, deleteSnapshots: 'include' })
    try {
      await remove()
    } catch (error) {
      if (codeOf(error) !== 'BlobNotFound') throw error
      await blob.upload('', 0, { abortSignal })
      await remove()
    }
  })
}
