import { readFileSync } from 'node:fs'
import { Failure } from '../../../operation/failure.ts'
import type { Target, TargetRelease, VariableOrigin } from '../../../operation/request.ts'
import type { ReleaseFiles } from '../../kubernetes/cluster.ts'
import { NotGranted, type NamedSecret, type ReleaseSecrets } from '../../kubernetes/secrets/release-secrets.ts'
import { writtenValue } from '../../scalardb/set-property.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { ownerOf } from '../open-databases.ts'

/** Where the value of a property is kept: a key of an object, or a property in the text of one. */
export interface PropertyHome {
  kind: 'ConfigMap' | 'Secret'
  name: string
  key: string
  /** full name of the property in the text of the key; absent where the key holds the value and nothing else */
  property?: string
  /** the variable that it is */
  variable?: string
}

/** What homes are looked for in. */
export interface Kept {
  target: Target
  cluster: ReleaseFiles
  /** absent where no cluster is there */
  secrets: ReleaseSecrets | undefined
}

/** `${env:NAME}` or dockerize's `{{ default .Env.NAME "" }}`, and nothing beside it */
const placeholder =
  /^(?:\$\{env:(\w+)(?::-[^}]*)?\}|\{\{-?\s*(?:default\s+)?\.Env\.(\w+)(?:\s+(?:"(?:[^"\\]|\\.)*"|`[^`]*`))?\s*-?\}\})$/

/**
 * Where the value of a storage's property is kept: where the variable is that it consists of, else in the file of the
 * release's properties. A variable that the Deployment itself sets is nowhere where it could be changed, so the
 * property is then the file's.
 * @returns undefined where the file is neither in a ConfigMap nor in a Secret
 * @throws Failure where one of them cannot be read
 */
export async function homeOf(
  kept: Kept,
  settings: StorageSettings,
  property: string,
): Promise<PropertyHome | undefined> {
  const { release, path } = ownerOfStorage(kept.target, settings)
  const file = fileHome(release)
  if (file === undefined) return undefined
  const full = path + property
  const [, name, other] = placeholder.exec(writtenValue(await fileText(kept, release), full) ?? '') ?? []
  const variable = name ?? other
  const origin = variable === undefined ? undefined : await originOf(kept, release, variable)
  return origin === undefined ? { ...file, property: full } : { ...origin, ...(variable && { variable }) }
}

/** The release whose properties name a storage, and the prefix of that storage's own properties. */
export function ownerOfStorage(
  target: Target,
  { storage, namespaces }: StorageSettings,
): { release: TargetRelease; path: string } {
  const release = target.releases.find((one) => storage.startsWith(`${ownerOf(one, target)}/`))
  if (release === undefined) throw new Error(`storage ${storage} is of none of the releases`)
  const name = storage.slice(ownerOf(release, target).length + 1)
  return { release, path: namespaces === undefined ? 'scalar.db.' : `scalar.db.multi_storage.storages.${name}.` }
}

/** The object that holds the whole file of a release's properties. */
function fileHome({ properties }: TargetRelease): Omit<PropertyHome, 'property'> | undefined {
  if (properties?.configMap !== undefined) return { kind: 'ConfigMap', ...properties.configMap }
  return properties?.secret === undefined ? undefined : { kind: 'Secret', ...properties.secret }
}

/** The file as it is now. One in a Secret that may not be read is taken as the kubelet mounted it. */
async function fileText({ cluster, secrets }: Kept, { properties }: TargetRelease): Promise<string> {
  if (properties?.configMap !== undefined) {
    const { name, key } = properties.configMap
    const text = await cluster.configMapText(name, key)
    if (text === undefined) throw noFile(name, key)
    return text
  }
  const mounted = () => (properties === undefined ? '' : readFileSync(properties.file, 'utf8'))
  if (properties?.secret === undefined) return mounted()
  const { name, key } = properties.secret
  const found = await readIfGranted(secrets, name)
  return found === 'not granted' ? mounted() : (found?.data[key] ?? mounted())
}

/** A Secret as it is now, as far as the worker's Role names it. @throws Failure where it cannot be read now */
async function readIfGranted(
  secrets: ReleaseSecrets | undefined,
  name: string,
): Promise<NamedSecret | 'not granted' | undefined> {
  try {
    return await secrets?.read(name)
  } catch (error) {
    if (error instanceof NotGranted) return 'not granted'
    throw error
  }
}

function noFile(name: string, key: string): Failure {
  return new Failure({
    what: `the properties in ConfigMap ${name} cannot be read`,
    why: `it is not there, or has no key ${key}`,
    next: 'check that the ConfigMap is the one that the pods of the release use',
  })
}

/**
 * The key that a variable has its value from. A variable of its own comes before those of a whole object, of which the
 * last counts (Kubernetes API, Container.envFrom). Which keys a Secret has that may not be read nobody knows, so it is
 * taken for the one.
 */
async function originOf(
  { cluster, secrets }: Kept,
  { properties }: TargetRelease,
  variable: string,
): Promise<PropertyHome | undefined> {
  const origins = properties?.variables ?? []
  const own = origins.find(({ name }) => name === variable)
  if (own !== undefined) return own.from === undefined ? undefined : homeIn(own.from, own.from.key ?? variable)
  const has = async ({ kind, name }: NonNullable<VariableOrigin['from']>, key: string): Promise<boolean> => {
    if (kind === 'ConfigMap') return (await cluster.configMapText(name, key)) !== undefined
    const found = await readIfGranted(secrets, name)
    return found === 'not granted' || found?.data[key] !== undefined
  }
  for (const { name, prefix = '', from } of origins.toReversed()) {
    if (name !== undefined || from === undefined || !variable.startsWith(prefix)) continue
    const key = variable.slice(prefix.length)
    if (await has(from, key)) return homeIn(from, key)
  }
  return undefined
}

function homeIn({ kind, name }: NonNullable<VariableOrigin['from']>, key: string): PropertyHome {
  return { kind, name, key }
}
