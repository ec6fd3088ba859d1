import { join } from 'node:path'
import { formatLocation, type Location } from '../../operation/location.ts'
import { mounts } from '../../operation/request.ts'
import type { Storage } from './storage.ts'
import { volumeStorage } from './volume.ts'

/** The storage of a location; nothing is touched yet. */
export function openStorage(location: Location): Storage {
  return volumeStorage(join(mounts.volume, location.path), formatLocation(location))
}
