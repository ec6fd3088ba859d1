import { join } from 'node:path'
import { formatLocation, splitLocation, parseLocation, type Location } from '../../operation/location.ts'
import { mounts } from '../../operation/request.ts'
import type { LocalFolders } from './local-folders.ts'
import { noStorage } from './none.ts'
import type { Storage } from './storage.ts'
import { volumeStorage } from './volume/volume.ts'

/** A storage whose folders tools can work in as well. */
export type OpenStorage = Storage & LocalFolders

/** The storage of a location; nothing is touched yet. */
export function openStorage(location: Location): OpenStorage {
  return volumeStorage(join(mounts.volume, location.path), formatLocation(location), mounts.volume)
}

/** The storage of a location that may be left out, as text. */
export function openStorageAt(location: string | undefined): OpenStorage {
  return location === undefined ? noStorage() : openStorage(parseLocation(location))
}

/** The storage that holds a backup, by the backup's own location; none for one that its databases' services keep. */
export function openStorageOf({ location }: { location?: string | undefined }): OpenStorage {
  return location === undefined ? noStorage() : openStorage(splitLocation(parseLocation(location)).parent)
}
