import type { Finding } from '../../../operation/finding.ts'
import { heldAmong } from '../objects/held.ts'
import type { Held } from '../storage.ts'
import type { Container } from './container.ts'
import { listBlobs } from './read.ts'

/**
 * What of a folder a blob's own immutability policy, a legal hold or a lease keeps; see Storage.held ("Get Blob
 * Properties" of Microsoft's Blob Storage REST API).
 */
export async function heldBlobs(container: Container, folder: string): Promise<Held | undefined> {
  return await heldAmong(listBlobs(container, folder), async (path) => {
    const { legalHold, immutabilityPolicyExpiresOn, leaseStatus } = await container.ask(
      `${path} cannot be looked at`,
      (client, abortSignal) => client.getBlobClient(container.key(path)).getProperties({ abortSignal }),
    )
    return legalHold === true || leaseStatus === 'locked'
      ? Infinity
      : (immutabilityPolicyExpiresOn?.getTime() ?? Number.NEGATIVE_INFINITY)
  })
}

/**
 * Whether the container itself keeps whatever is written: no blob can take another's place there, as a dump's manifest
 * does, and not even a trial could be removed. Where versions are immutable each new one is fine ("Immutable storage
 * for Azure Blob Storage"). Not every token may ask ("Get Container Properties"); what then writes is told.
 */
export async function refusesChange(container: Container): Promise<Finding[]> {
  const { hasImmutabilityPolicy, hasLegalHold, isImmutableStorageWithVersioningEnabled } = await container
    .ask('the container cannot be looked at', (client, abortSignal) => client.getProperties({ abortSignal }))
    .catch(() => ({
      hasImmutabilityPolicy: false,
      hasLegalHold: false,
      isImmutableStorageWithVersioningEnabled: false,
    }))
  if (isImmutableStorageWithVersioningEnabled === true) return []
  if (hasImmutabilityPolicy !== true && hasLegalHold !== true) return []
  const what = hasLegalHold === true ? 'a legal hold' : 'an immutability policy'
  return [
    {
      check: 'storage',
      subject: container.title,
      outcome: 'error',
      message: `the container has ${what}, under which nothing can be written in the place of what is there`,
      cure: 'give a container without one, or one with version-level immutability, which keeps what is replaced',
    },
  ]
}
