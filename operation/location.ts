import { Failure, messageOf } from './failure.ts'
import { ExitCode } from './exit-code.ts'
import { formatObjectLocation, objectLocation, type ObjectLocation } from './storage/object-location.ts'

/** A PersistentVolumeClaim of the release's namespace, and a folder in it. */
export interface VolumeLocation {
  kind: 'volume'
  claim: string
  /** folder in the volume, without slashes at its ends; may be empty */
  path: string
}

/** Where dumps are kept. Every kind of storage; a new one joins here, in parseLocation and in job/storage/. */
export type Location = VolumeLocation | ObjectLocation

const example = 'pvc://CLAIM/path, s3://BUCKET/path?endpoint=URL&secret=NAME or azblob://ACCOUNT/CONTAINER/path'

function unusable(text: string, why: string): Failure {
  return new Failure(
    { what: `"${withoutSecrets(text)}" is not a storage location`, why, next: `write ${example}` },
    { exitCode: ExitCode.usage },
  )
}

/** Options whose values hold no secret, whoever typed them. */
const open = ['region', 'path-style', 'sse', 'storage-class', 'access-tier']

/** What was typed as a location, without what may be a password or a key in it: a terminal is not always one's own. */
function withoutSecrets(text: string): string {
  const [place = '', ...query] = text.split('?')
  const options = query.join('?').split('&')
  const shown = options.map((option) => {
    const [name = '', ...value] = option.split('=')
    return value.length === 0 || open.includes(name) ? option : `${name}=…`
  })
  return [place.replace(/\/\/.*:.*@/, '//…@'), ...(query.length === 0 ? [] : [shown.join('&')])].join('?')
}

/**
 * Reads a storage location such as `pvc://backups/ledger` or `s3://bucket/ledger?region=eu-west-1`.
 * @throws Failure (usage) for an unknown scheme, a name or an option that cannot be one, or a path that leaves the
 * storage.
 */
export function parseLocation(text: string): Location {
  const match = /^([a-z0-9]+):\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(text)
  if (match === null) throw unusable(text, 'it is not of the form scheme://name/path')
  const [, scheme, name = '', rest = '', query] = match
  if (/^.*:.*@/.test(`${name}/${rest}`))
    throw unusable(text, 'it has a password or a key in it, which a Secret holds: secret=NAME')
  if (scheme !== 'pvc' && scheme !== 's3' && scheme !== 'azblob')
    throw unusable(text, `storage "${scheme}" is not known; this version knows pvc, s3 and azblob`)
  const path = rest.split('/').filter((part) => part !== '')
  if (path.some((part) => part === '..' || part === '.')) throw unusable(text, 'its path has "." or ".." in it')
  if (path.some((part) => !/^[\w.+=@-]+$/.test(part)))
    throw unusable(text, 'its path has characters other than letters, digits and _ . + = @ -')
  if (scheme === 'pvc') {
    if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name))
      throw unusable(text, `"${name}" cannot be the name of a PersistentVolumeClaim`)
    if (query !== undefined) throw unusable(text, 'a PersistentVolumeClaim has no options')
    return { kind: 'volume', claim: name, path: path.join('/') }
  }
  try {
    return objectLocation(scheme, name, path, query ?? '')
  } catch (error) {
    throw unusable(text, messageOf(error))
  }
}

/** The text of a location, as parseLocation reads it. */
export function formatLocation(location: Location): string {
  if (location.kind !== 'volume') return formatObjectLocation(location)
  return location.path === '' ? `pvc://${location.claim}` : `pvc://${location.claim}/${location.path}`
}

/** The folder or file `name` below a location. */
export function joinLocation<L extends Location>(location: L, name: string): L {
  return { ...location, path: location.path === '' ? name : `${location.path}/${name}` }
}

/** The text of a path below a location, of the location's own text. */
export function pathAt(location: string, path: string): string {
  return formatLocation(joinLocation(parseLocation(location), path))
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
