import { join } from 'node:path'
import { formatLocation, splitLocation, parseLocation, type Location } from '../../operation/location.ts'
import { mounts } from '../../operation/request.ts'
import { azureStorage } from './azure/azure.ts'
import { noStorage } from './none.ts'
import { s3Storage } from './s3/s3.ts'
import type { Storage } from './storage.ts'
import { volumeStorage } from './volume/volume.ts'

/**
 * The storage of a location; nothing is touched yet.
 * @param volume where its claim is mounted, where it has one
 */
export function openStorage(location: Location, volume: string = mounts.volume): Storage {
  if (location.kind === 'volume') return volumeStorage(join(volume, location.path), formatLocation(location), volume)
  const folderOf = (secret: string | undefined) =>
    secret === undefined ? undefined : join(mounts.storageSecrets, secret)
  const secrets = folderOf(location.options.secret)
  if (location.kind === 'azblob') return azureStorage(location, secrets)
  return s3Storage(location, secrets, undefined, folderOf(location.options['customer-key-secret']))
}

/** The storage of a location that may be left out, as text. */
export function openStorageAt(location: string | undefined): Storage {
  return location === undefined ? noStorage() : openStorage(parseLocation(location))
}

/** The storage that holds a backup, by the backup's own location; none for one that its databases' services keep. */
export function openStorageOf({ location }: { location?: string | undefined }): Storage {
  return location === undefined ? noStorage() : openStorage(splitLocation(parseLocation(location)).parent)
}
