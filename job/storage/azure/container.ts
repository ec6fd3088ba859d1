import { BlobServiceClient, StorageSharedKeyCredential, type ContainerClient } from '@azure/storage-blob'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../../operation/failure.ts'
import { formatObjectLocation, type AzureLocation } from '../../../operation/storage/object-location.ts'
import { podIdentity } from '../../azure/identity.ts'
import { readSecret } from '../objects/secret.ts'
import { azureFailure, isPassing } from './error.ts'

/** A part of a container that is a storage. */
export interface Container {
  /** text of the location */
  title: string
  /** a blob's name, of its path in the storage; of '' what all of them begin with */
  key(path: string): string
  tier: string | undefined
  /** how long a connection may be silent, ms */
  silentMs: number
  /**
   * Makes a call, and again where that may help.
   * @param what for errors: what cannot be done
   * @throws Failure; the signal's reason
   */
  ask<T>(what: string, call: Call<T>, signal?: AbortSignal): Promise<T>
}

/** One call. */
export type Call<T> = (
  client: ContainerClient,
  abortSignal: AbortSignal,
  /** to be called as bytes go: a long call is not a silent one */
  onProgress: () => void,
) => Promise<T>

const firstDelayMs = 200
const longestDelayMs = 10_000

/**
 * Opens a container; nothing is connected yet. Credentials are those of the Secret, else what the SDK finds in the pod.
 * @param secrets folder with a Secret's keys as files, where the location names one
 */
export function openContainer(
  location: AzureLocation,
  secrets: string | undefined,
  { retryMs, silentMs }: { retryMs: number; silentMs: number },
): Container {
  const title = formatObjectLocation(location)
  const connect = clientOf(location, secrets, title)
  return {
    title,
    key: (path) => [location.path, path].filter((part) => part !== '').join('/'),
    tier: location.options['access-tier'],
    silentMs,
    async ask(what, call, signal) {
      const startedMs = performance.now()
      for (let attempt = 1; ; attempt += 1) {
        signal?.throwIfAborted()
        const silence = new AbortController()
        const timer = setTimeout(() => silence.abort(), silentMs)
        let client: ContainerClient | undefined
        try {
          client = await connect()
          const either = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal])
          return await call(client, either, () => timer.refresh())
        } catch (error) {
          signal?.throwIfAborted()
          const waitMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1))
          const isOver = performance.now() + waitMs - startedMs > retryMs
          const mayPass = silence.signal.aborted || isPassing(error)
          // A token may end, or be revoked, once another is in its place.
          if (isOver || !(mayPass || (await connect()) !== client))
            throw azureFailure(title, what, silence.signal.aborted ? new NoAnswer() : error)
          await sleep(waitMs, undefined, signal === undefined ? {} : { signal })
        } finally {
          clearTimeout(timer)
        }
      }
    },
  }
}

class NoAnswer extends Error {
  readonly code = 'ETIMEDOUT'
  constructor() {
    super('no answer in time')
  }
}

/** A client with the Secret's present content, which may be changed while a dump runs. */
function clientOf({ account, container, options }: AzureLocation, secrets: string | undefined, title: string) {
  const endpoint = options.endpoint ?? `https://${account}.blob.core.windows.net`
  const retryOptions = { maxTries: 1 }
  let made: { of: string; client: ContainerClient } | undefined
  return async (): Promise<ContainerClient> => {
    const [key, token] = secrets === undefined ? [] : await readSecret(secrets, ['AZURE_STORAGE_KEY', sasToken])
    const of = `${key ?? ''} ${token ?? ''}`
    if (made?.of === of) return made.client
    const service = () => {
      if (key !== undefined)
        return new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key), { retryOptions })
      if (token !== undefined)
        return new BlobServiceClient(`${endpoint}?${token.replace(/^\?/, '')}`, undefined, { retryOptions })
      if (secrets === undefined) return new BlobServiceClient(endpoint, podIdentity(), { retryOptions })
      throw new Failure({
        what: `the Secret of ${title} cannot be used`,
        why: `it has neither AZURE_STORAGE_KEY nor ${sasToken}`,
        next: 'give it one of the two, or leave out secret= to use the identity of the ServiceAccount',
      })
    }
    made = { of, client: service().getContainerClient(container) }
    return made.client
  }
}

const sasToken = 'AZURE_STORAGE_SAS_TOKEN'

/** What the names of all blobs below a folder begin with. */
export function prefixOf({ key }: Container, folder: string): string {
  const start = key(folder)
  return start === '' ? start : `${start}/`
}
