// Room: the properties of releases, read and changed where they are kept: in ConfigMaps, and in Secrets that an
// administrator has named.
// Read release-properties, property-home, put-back-by, by-hand, check-pointing.

import { Failure, type FailureText } from '../../../operation/failure.ts'
import { formerSecretName } from '../../../operation/names.ts'
import { helmValues } from '../../../operation/product.ts'
import type { ReleaseProperties, Secrecy } from '../../databases/database.ts'
import type { Managed } from '../../kubernetes/cluster.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { setProperty, writtenValue } from '../../scalardb/set-property.ts'
import type { ReleaseSecrets } from '../../kubernetes/secrets/release-secrets.ts'
import { commandsByHand } from './by-hand.ts'
import { homeOf, ownerOfStorage, type Kept, type PropertyHome } from './property-home.ts'
import { leaveAlone, putBackBy } from './put-back-by.ts'

/**
 * Reads and changes properties of the releases in the ConfigMaps and Secrets that hold them.
 * @param namespace of the operation
 */
export function releaseProperties(kept: Kept, namespace: string): ReleaseProperties {
  const { target, cluster } = kept
  const home = async (settings: StorageSettings, property: string): Promise<PropertyHome> => {
    const found = await homeOf(kept, settings, property)
    if (found === undefined) throw new Failure(nowhere(ownerOfStorage(target, settings).release.name))
    return found
  }
  const read = async ({ kind, name, key }: PropertyHome): Promise<string | undefined> =>
    kind === 'ConfigMap' ? await cluster.configMapText(name, key) : (await secretsOf(kept).read(name))?.data[key]
  return {
    async obstacle(settings, property, secrecy) {
      const found = await homeOf(kept, settings, property)
      if (found === undefined) return nowhere(ownerOfStorage(target, settings).release.name)
      const { path } = ownerOfStorage(target, settings)
      const trouble = await troubleOf(kept, found, secrecy)
      return trouble && { what: `${path}${property} cannot be changed`, ...trouble }
    },
    line(settings, property, value) {
      const { release, path } = ownerOfStorage(target, settings)
      const helm = helmValues[release.app]
      return `${path}${property}=${value} of release ${release.name}${helm === undefined ? '' : ` (Helm: in ${helm})`}`
    },
    byHand: async (values) => await commandsByHand(kept, namespace, values),
    async written(settings, property) {
      const place = await home(settings, property)
      const text = await read(place)
      return place.property === undefined || text === undefined ? text : writtenValue(text, place.property)
    },
    async write(settings, property, value) {
      const { kind, name, key, property: inText } = await home(settings, property)
      const change = (text: string | undefined) =>
        inText === undefined ? value : setProperty(text ?? '', inText, value)
      if (kind === 'Secret') await secretsOf(kept).change(name, key, change)
      else await cluster.changeConfigMapText(name, key, (text) => change(text) ?? '')
    },
    async formerIn(properties) {
      const homes = await Promise.all(properties.map(({ settings, property }) => homeOf(kept, settings, property)))
      const [secret] = homes.flatMap((one) => (one?.kind === 'Secret' ? [one.name] : [])).sort()
      return secret === undefined ? undefined : formerSecretName(secret)
    },
    former: async (secret, entry) => (await secretsOf(kept).read(secret))?.data[entry],
    keepFormer: async (secret, entry, text) => await secretsOf(kept).change(secret, entry, () => text),
  }
}

/** Why a home cannot be changed, and what to do about it. */
async function troubleOf(
  kept: Kept,
  { kind, name, key, property }: PropertyHome,
  secrecy: Secrecy,
): Promise<Omit<FailureText, 'what'> | undefined> {
  if (kind === 'ConfigMap') {
    if (secrecy === 'open') return managedTrouble(kind, name, await kept.cluster.configMapManaged(name))
    const where = property === undefined ? `key ${key} of ConfigMap ${name}` : `ConfigMap ${name}`
    return {
      why: `it is a secret, and ${where}, or what that refers to, is no place for one`,
      next: `keep it in a Secret, as a variable of the release, or restore with ${byPrint}`,
    }
  }
  try {
    const secrets = secretsOf(kept)
    const found = await secrets.read(name)
    if (found?.data[key] === undefined)
      return { why: `Secret ${name} has no key ${key}`, next: 'look which Secret the pods of the release use' }
    const trouble = managedTrouble(kind, name, found)
    if (trouble !== undefined) return trouble
    await secrets.tryChange(name)
    await secrets.tryChange(formerSecretName(name))
    return undefined
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { what, why, next } = error.text
    return { why: `${what}: ${why}`, next: `${next}; or restore with ${byPrint}` }
  }
}

const byPrint = '--repoint print'

/** Why a change of an object would be refused, or not stay. */
function managedTrouble(
  kind: PropertyHome['kind'],
  name: string,
  managed: Managed | undefined,
): Omit<FailureText, 'what'> | undefined {
  if (managed === undefined) return undefined
  if (managed.immutable) return { why: `${kind} ${name} is immutable`, next: `restore with ${byPrint}` }
  const keeper = putBackBy(kind, managed)
  if (keeper === undefined) return undefined
  return {
    why: `${keeper.who} would put ${kind} ${name} back as it was`,
    next: `${keeper.cure} and say so: ${leaveAlone(kind, name)}; or restore with ${byPrint}`,
  }
}

function secretsOf({ secrets }: Kept): ReleaseSecrets {
  if (secrets !== undefined) return secrets
  throw new Failure({ what: 'no Secret can be changed', why: 'no cluster is there', next: `restore with ${byPrint}` })
}

function nowhere(release: string): FailureText {
  return {
    what: `the properties of release ${release} cannot be changed`,
    why: `the properties of release ${release} are not in a ConfigMap, nor in a Secret of their own`,
    next: `restore with ${byPrint}, and change them where they are kept`,
  }
}
