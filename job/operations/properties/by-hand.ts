import { appLabel, helmValues, instanceLabel } from '../../../operation/product.ts'
import type { ByHand } from '../../databases/database.ts'
import { homeOf, ownerOfStorage, type Kept, type PropertyHome } from './property-home.ts'

/** A property with the place that it is kept in. */
interface Placed {
  of: ByHand
  /** full name */
  property: string
  release: { name: string; app: string }
  home: PropertyHome | undefined
}

/**
 * The commands that set properties where they are kept, each as it is typed. What a command prints goes through the
 * shell and its pipes: it is no program's argument, in no file and on no screen, and nothing is set where it is empty.
 */
export async function commandsByHand(kept: Kept, namespace: string, values: readonly ByHand[]): Promise<string[]> {
  const placed = await Promise.all(
    values.map(async (of): Promise<Placed> => {
      const { release, path } = ownerOfStorage(kept.target, of.settings)
      // What cannot be looked at is told by its name alone.
      const home = await homeOf(kept, of.settings, of.property).catch(() => undefined)
      return { of, property: path + of.property, release, home }
    }),
  )
  // Those in the text of one key of a Secret are set together.
  const inText = ({ home }: Placed) => home?.kind === 'Secret' && home.property !== undefined
  const together = Map.groupBy(placed.filter(inText), ({ home }) => `${home?.name}/${home?.key}`)
  const releases = new Map(placed.map(({ release }) => [release.name, release]))
  return [
    ...placed.filter((one) => !inText(one)).map((one) => byItself(one, namespace)),
    ...[...together.values()].map((several) => inOneText(several, namespace)),
    ...[...releases.values()].map(
      ({ name, app }) =>
        `then have the pods start with it: kubectl rollout restart deployment --namespace ${namespace} ` +
        `--selector ${instanceLabel}=${name},${appLabel}=${app}`,
    ),
  ]
}

function byItself({ of, property, release, home }: Placed, namespace: string): string {
  const helm = helmValues[release.app]
  if (home === undefined || home.property !== undefined)
    return (
      `set ${property}=${'command' in of ? `what this prints: ${of.command}` : of.value} of release ${release.name}` +
      (helm === undefined ? '' : ` (Helm: in ${helm})`)
    )
  const { kind, name, key, variable } = home
  const title = `set ${property}${variable === undefined ? '' : `, the variable ${variable}`}`
  if ('command' in of)
    return (
      `${title}, without showing it: value=$(${of.command}) && [ -n "$value" ] && ` +
      `printf '%s' "$value" | ${intoSecret(name, key, namespace)}`
    )
  const patch = JSON.stringify({ [kind === 'Secret' ? 'stringData' : 'data']: { [key]: of.value } })
  return (
    `${title}: kubectl patch ${kind.toLowerCase()} ${name} --namespace ${namespace} ` +
    `--type merge --patch ${quoted(patch)}`
  )
}

/** The file as it is without these properties, and these behind it. */
function inOneText(several: readonly Placed[], namespace: string): string {
  const [{ name = '', key = '' } = {}] = several.map(({ home }) => home)
  const names = several.map(({ property }) => property.replaceAll('.', '\\.')).join('|')
  const pattern = `^[[:blank:]]*(${names})[[:blank:]]*[=:]`
  const fetched = several.flatMap(({ of }, index) =>
    'command' in of ? [`value${index}=$(${of.command}) && [ -n "$value${index}" ] && `] : [],
  )
  const lines = several.map(({ of, property }, index) =>
    'command' in of ? `"${property}=$value${index}"` : quoted(`${property}=${of.value}`),
  )
  return (
    `set ${several.map(({ property }) => property).join(' and ')} in Secret ${name}: ${fetched.join('')}` +
    `text=$(kubectl get secret ${name} --namespace ${namespace} ` +
    `--output jsonpath='{.data.${key.replaceAll('.', '\\.')}}' | base64 --decode) && [ -n "$text" ] && ` +
    `{ printf '%s\\n' "$text" | grep -vE ${quoted(pattern)} ; printf '%s\\n' ${lines.join(' ')} ; } | ` +
    intoSecret(name, key, namespace)
  )
}

/** Reads a value and writes it under a key; the other keys of the Secret stay. */
function intoSecret(name: string, key: string, namespace: string): string {
  return (
    `kubectl create secret generic ${name} --namespace ${namespace} --from-file=${key}=/dev/stdin --dry-run=client ` +
    `--output json | kubectl patch secret ${name} --namespace ${namespace} --type merge --patch-file /dev/stdin`
  )
}

/** As a shell reads it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
