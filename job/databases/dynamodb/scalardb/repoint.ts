import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { Place } from './place.ts'
import type { RestoreWork } from '../restore/restore-work.ts'
import { prefixProperty } from '../tables/table-names.ts'

/** Values of properties by `<storage> <property>`; null: it was not there. */
const valuesSchema = z.record(z.string(), z.string().nullable())
type Values = z.infer<typeof valuesSchema>

const noteStep = 'note properties'

/** What the releases' properties have to say for the restored tables to be used, and what they said before. */
export interface Repointing {
  /** each property with its new value, for people */
  lines: string[]
  changes: readonly { id: string; settings: StorageSettings; property: string; value: string }[]
  /** whether the restored tables are what the storages use: all of them, some, none */
  inUse(): Promise<'by all' | 'by some' | 'by none'>
  /** @throws Failure where the former values can not be put back */
  check(): Promise<void>
  /** the former values, once they are known; kept in the record for an undo */
  former(): Values
  remember(values: Values): void
  /** the former values as an earlier worker of the same operation noted them */
  recall(journal: Journal): void
  /** where each storage had its tables before, once that is known */
  formerPlaces(): Place[]
  /** the same, and before it is known where each has them at this moment */
  placesBefore(): Promise<Place[]>
  instructions(): string[]
}

/** The properties that name the tables: the namespace prefix, and the region where it is another than the backup's. */
export function repointing(
  { settings, access, details, region, context: { properties, former }, title }: RestoreWork,
  prefix: string,
): Repointing {
  const wanted: [string, string][] = [
    [prefixProperty, prefix],
    ...(region === details.region ? [] : [['contact_points', region] satisfies [string, string]]),
  ]
  const changes = settings.flatMap((one) =>
    wanted.map(([property, value]) => ({ id: `${one.storage} ${property}`, settings: one, property, value })),
  )
  const lines = changes.map(
    ({ settings: one, property, value }) => properties?.line(one, property, value) ?? `scalar.db.${property}=${value}`,
  )
  let known: Values = valuesSchema.safeParse(former?.details['former']).data ?? {}

  const presentValues = () =>
    Promise.all(changes.map(async ({ settings: one, property }) => (await present(one, property)) ?? ''))

  /** As it is written, or as the release reads it where the text is kept out of reach. */
  async function present(one: StorageSettings, property: string): Promise<string | undefined> {
    if (properties === undefined || properties.obstacle(one) !== undefined)
      return property === 'contact_points' ? one.contactPoints : one.property(property)
    return properties.written(one, property)
  }

  /** A region that is not to be changed is the backup's: no other passes the preflight. */
  function placesIn(values: Values): Place[] {
    return settings.map(({ storage }) => ({
      prefix: values[`${storage} ${prefixProperty}`] ?? '',
      region: values[`${storage} contact_points`] ?? details.region,
    }))
  }

  return {
    lines,
    changes,
    async inUse() {
      const values = await presentValues()
      const using = settings.filter((one) =>
        changes.every((change, index) => change.settings !== one || values[index] === change.value),
      )
      return using.length === settings.length ? 'by all' : using.length > 0 ? 'by some' : 'by none'
    },
    async check() {
      if (Object.keys(known).length === 0) return
      const values = await presentValues()
      // Each by itself: an undo that failed half-way may have put back a part.
      if (!changes.every(({ id, value }, index) => values[index] === value || values[index] === (known[id] ?? '')))
        throw overtaken(title)
    },
    former: () => known,
    remember: (values) => (known = values),
    recall(journal) {
      const noted = journal.result(noteStep)
      if (noted !== undefined) known = valuesSchema.parse(noted)
    },
    formerPlaces: () => (Object.keys(known).length === 0 ? [] : placesIn(known)),
    async placesBefore() {
      if (Object.keys(known).length > 0) return placesIn(known)
      const values = await presentValues()
      return placesIn(Object.fromEntries(changes.map(({ id }, index) => [id, values[index] ?? ''])))
    },
    instructions: () => [
      ...lines.map((line) => `to use the restored tables, set ${line}`),
      ...(region === access.region || access.endpoint === undefined
        ? []
        : [`take scalar.db.dynamo.endpoint_override away, or set that of ${region}: it is ${access.endpoint}`]),
      'then upgrade the release with Helm, or restart its pods once its ConfigMap says so',
    ],
  }
}

/**
 * Points the releases to the restored tables, or back to the former. What the properties said is journaled before the
 * first is changed, and of theirs nothing else is.
 * @throws Failure where somebody has pointed them elsewhere since
 */
export async function repoint(
  { context: { properties }, title }: RestoreWork,
  repointing: Repointing,
  to: 'restored' | 'former',
  journal: Journal,
): Promise<void> {
  const { changes } = repointing
  if (properties === undefined) return
  repointing.recall(journal)
  if (Object.keys(repointing.former()).length === 0) {
    // never pointed anywhere else: nothing is to be put back
    if (to === 'former') return
    const note = async (): Promise<Values> =>
      Object.fromEntries(
        await Promise.all(
          changes.map(
            async ({ id, settings, property }) => [id, (await properties.written(settings, property)) ?? null] as const,
          ),
        ),
      )
    repointing.remember(await journal.once(noteStep, note))
  }
  const former = repointing.former()
  for (const { id, settings, property, value } of changes) {
    const before = former[id] ?? undefined
    const [from, until] = to === 'restored' ? [before, value] : [value, before]
    await journal.ensure(`point ${id} to the ${to} tables`, async () => {
      const present = await properties.written(settings, property)
      if (present === until) return
      if (present !== from) throw overtaken(title)
      await properties.write(settings, property, until)
    })
  }
}

function overtaken(title: string): Failure {
  return new Failure({
    what: `${title} cannot be pointed to other tables`,
    why:
      'the properties of a release name neither the restored tables nor those that it used before: ' +
      'somebody changed them since',
    next: 'undo the later restore first, or set the namespace prefix of the release yourself',
  })
}
