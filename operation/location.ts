import { Failure } from './failure.ts'
import { ExitCode } from './exit-code.ts'

/** Where dumps are kept: a PersistentVolumeClaim of the release's namespace, and a folder in it. */
export interface VolumeLocation {
  kind: 'volume'
  claim: string
  /** folder in the volume, without slashes at its ends; may be empty */
  path: string
}

/** Every kind of storage; a new one joins here, in parseLocation and in job/storage/. */
export type Location = VolumeLocation

const example = 'pvc://CLAIM/path, like pvc://backups/ledger'

function unusable(text: string, why: string): Failure {
  return new Failure(
    { what: `"${text}" is not a storage location`, why, next: `write ${example}` },
    { exitCode: ExitCode.usage },
  )
}

/**
 * Reads a storage location such as `pvc://backups/ledger`.
 * @throws Failure (usage) for an unknown scheme, a claim's name that Kubernetes would refuse, or a path that leaves the
 * volume.
 */
export function parseLocation(text: string): Location {
  const match = /^([a-z0-9]+):\/\/([^/]*)(?:\/(.*))?$/.exec(text)
  if (match === null) throw unusable(text, 'it is not of the form scheme://name/path')
  const [, scheme, name = '', rest = ''] = match
  if (scheme !== 'pvc')
    throw unusable(text, `storage "${scheme}" is not known; this version writes to persistent volume claims`)
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name))
    throw unusable(text, `"${name}" cannot be the name of a PersistentVolumeClaim`)
  const path = rest.split('/').filter((part) => part !== '')
  if (path.some((part) => part === '..' || part === '.')) throw unusable(text, 'its path has "." or ".." in it')
  if (path.some((part) => !/^[\w.+=@-]+$/.test(part)))
    throw unusable(text, 'its path has characters other than letters, digits and _ . + = @ -')
  return { kind: 'volume', claim: name, path: path.join('/') }
}

/** The text of a location, as parseLocation reads it. */
export function formatLocation(location: Location): string {
  return location.path === '' ? `pvc://${location.claim}` : `pvc://${location.claim}/${location.path}`
}

/** The folder `name` below a location. */
export function joinLocation(location: Location, name: string): Location {
  return { ...location, path: location.path === '' ? name : `${location.path}/${name}` }
}

/**
 * A backup's own location as the location that holds it and the backup's name.
 * @throws Failure (usage) for a location that names no folder.
 */
export function splitLocation(location: Location): { parent: Location; name: string } {
  const parts = location.path.split('/')
  const name = parts.pop() ?? ''
  if (name === '') throw unusable(formatLocation(location), "it names no backup's folder")
  return { parent: { ...location, path: parts.join('/') }, name }
}
