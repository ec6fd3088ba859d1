import { posix } from 'node:path'
import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import { parseLocation, type Location } from '../../../../operation/location.ts'
import { identityKey, recipientsKey } from '../../../../operation/encryption/encryption.ts'
import { secretsOf } from '../../../../operation/storage/object-location.ts'
import { signingKey, type OperationKind } from '../../../../operation/names.ts'
import { mounts } from '../../../../operation/request.ts'
import type { OwnTool } from './own-tool.ts'

/** What flags bring into a Job beside the releases' own. */
export interface ExtraMounts {
  /** text of a Location whose volume, or the Secret that it names, is mounted */
  location?: string | undefined
  /** text of a Location that a backup is copied to */
  target?: string | undefined
  /** nothing is written to the volume of `location` */
  readsOnly?: boolean
  /** Secrets whose recipients a backup is encrypted for */
  recipientSecrets?: readonly string[] | undefined
  /** Secret whose identity opens a backup */
  decryptSecret?: string | undefined
  databaseSecret?: string | undefined
  /** Secret whose keys are CA certificates */
  tlsCaSecret?: string | undefined
  /** Secret of the key that worker and guard have in common */
  keySecret?: string | undefined
  /** what is done with records: some are only verified, and some signed as well */
  records?: 'signed' | 'verified' | undefined
  /** the administrator's own tool, a further container of the worker's pod */
  ownTool?: OwnTool | undefined
}

/**
 * What an operation needs of the signing key: those sign that make a record which others go by, or change it, or go on
 * from a journal.
 */
export const recordsOf: Partial<Record<OperationKind, ExtraMounts['records']>> = {
  backup: 'signed',
  pause: 'signed',
  materialize: 'signed',
  restore: 'signed',
  undo: 'signed',
  resume: 'signed',
  drop: 'signed',
  import: 'signed',
  copy: 'signed',
  delete: 'verified',
}

interface Mounted {
  volume: V1Volume
  mount: V1VolumeMount
}

/**
 * What a location needs in the pod: its volume, or the Secret with its credentials as files, which the kubelet keeps up
 * to date; nothing where the pod's own identity is used.
 */
function storageMounts(
  location: Location,
  { mountPath, readOnly }: { mountPath: string; readOnly?: boolean | undefined },
): Mounted[] {
  if (location.kind === 'volume')
    return [
      {
        volume: { name: 'storage', persistentVolumeClaim: { claimName: location.claim } },
        mount: { name: 'storage', mountPath, ...(readOnly === true && { readOnly }) },
      },
    ]
  return secretsOf(location).map((secret, index) => {
    const name = index === 0 ? 'storage-secret' : `storage-secret-${index + 1}`
    return {
      volume: { name, secret: { secretName: secret, defaultMode: 0o440 } },
      mount: { name, mountPath: posix.join(mounts.storageSecrets, secret), readOnly: true },
    }
  })
}

function asTarget({ volume, mount }: Mounted): Mounted {
  const name = `target-${volume.name}`
  return { volume: { ...volume, name }, mount: { ...mount, name } }
}

/** One key of a Secret, as a file of its name. */
function oneKey(volume: string, secretName: string, key: string, mountPath: string): Mounted {
  return {
    volume: { name: volume, secret: { secretName, defaultMode: 0o440, items: [{ key, path: key }] } },
    mount: { name: volume, mountPath, readOnly: true },
  }
}

/** Volumes and mounts of what flags name. */
export function extraMounts(extra: ExtraMounts): { volumes: V1Volume[]; mounts: V1VolumeMount[] } {
  const pairs: Mounted[] = []
  if (extra.location !== undefined)
    pairs.push(...storageMounts(parseLocation(extra.location), { mountPath: mounts.volume, readOnly: extra.readsOnly }))
  if (extra.target !== undefined) {
    const known = pairs.map(({ mount }) => mount.mountPath)
    const found = storageMounts(parseLocation(extra.target), { mountPath: mounts.targetVolume })
    // Both may name one Secret.
    pairs.push(...found.filter(({ mount }) => !known.includes(mount.mountPath)).map(asTarget))
  }
  // A backup is never given the identity, though the same Secret may hold it.
  for (const [index, name] of (extra.recipientSecrets ?? []).entries())
    pairs.push(oneKey(`recipients-${index}`, name, recipientsKey, posix.join(mounts.recipients, name)))
  if (extra.decryptSecret !== undefined)
    pairs.push(oneKey('identity', extra.decryptSecret, identityKey, mounts.identity))
  if (extra.databaseSecret !== undefined) {
    pairs.push({
      volume: { name: 'database-secret', secret: { secretName: extra.databaseSecret } },
      mount: { name: 'database-secret', mountPath: mounts.databaseSecret, readOnly: true },
    })
  }
  if (extra.tlsCaSecret !== undefined) {
    pairs.push({
      volume: { name: 'tls-ca', secret: { secretName: extra.tlsCaSecret } },
      mount: { name: 'tls-ca', mountPath: mounts.tlsCa, readOnly: true },
    })
  }
  if (extra.keySecret !== undefined) {
    pairs.push({
      volume: {
        name: 'operation-key',
        // Whoever comes to unpause what is left paused must not wait for a key that is gone.
        secret: { secretName: extra.keySecret, optional: true, defaultMode: 0o440 },
      },
      mount: { name: 'operation-key', mountPath: posix.dirname(mounts.operationKey), readOnly: true },
    })
  }
  if (extra.records !== undefined) {
    const { secret, trustedKeys } = signingKey
    const items = extra.records === 'verified' ? { items: [{ key: trustedKeys, path: trustedKeys }] } : {}
    pairs.push({
      // An installation of version 0.1 has none, and its operations work as they did.
      volume: { name: 'signing', secret: { secretName: secret, optional: true, defaultMode: 0o440, ...items } },
      mount: { name: 'signing', mountPath: mounts.signing, readOnly: true },
    })
  }
  return { volumes: pairs.map((pair) => pair.volume), mounts: pairs.map((pair) => pair.mount) }
}
