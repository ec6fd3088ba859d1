import * as z from 'zod'
import { Failure } from '../../../operation/failure.ts'
import type { Journal } from '../../journal/journal.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import type { ReleaseProperties } from '../database.ts'

/** Values of properties by `<storage> <property>`; null: it was not there. */
const valuesSchema = z.record(z.string(), z.string().nullable())
export type Values = z.infer<typeof valuesSchema>

const noteStep = 'note properties'

/** A property of one storage that names its database, and what it is to be. */
interface Change {
  /** as the journal and the record name it */
  id: string
  settings: StorageSettings
  property: string
  value: string
}

interface Repointed {
  /** for people: the database */
  title: string
  /** what people call that which the properties name: tables */
  noun: string
  changes: readonly Change[]
  /** the properties of the releases; undefined where they cannot be written */
  properties: ReleaseProperties | undefined
  /** a property as the release reads it, where the text is kept out of reach */
  asRead(settings: StorageSettings, property: string): string | undefined
  /** the former values as the record of the restore has them, for an undo */
  former: unknown
  /** what to do where somebody has changed the properties since */
  cure: string
}

/** The former values that a record or a journal keeps of a storage's property. */
export function changeId(storage: string, property: string): string {
  return `${storage} ${property}`
}

/** What the releases' properties have to say for the restored data to be used, and what they said before. */
export class Repointing {
  readonly #of: Repointed
  #known: Values

  constructor(of: Repointed) {
    this.#of = of
    this.#known = valuesSchema.safeParse(of.former).data ?? {}
  }

  /** each property with its new value, for people */
  get lines(): string[] {
    const { changes, properties } = this.#of
    return changes.map(
      ({ settings, property, value }) =>
        properties?.line(settings, property, value) ?? `scalar.db.${property}=${value}`,
    )
  }

  /** the former values, once they are known; kept in the record for an undo */
  former(): Values {
    return this.#known
  }

  /** the former values, and before they are known those of this moment */
  async before(): Promise<Values> {
    if (this.#isKnown()) return this.#known
    const values = await this.#present()
    return Object.fromEntries(this.#of.changes.map(({ id }, index) => [id, values[index] ?? '']))
  }

  /** takes up the former values as an earlier worker of the same operation noted them */
  recall(journal: Journal): void {
    const noted = journal.result(noteStep)
    if (noted !== undefined) this.#known = valuesSchema.parse(noted)
  }

  /** whether the restored data is what the storages use: all of them, some, none */
  async inUse(): Promise<'by all' | 'by some' | 'by none'> {
    const { changes } = this.#of
    const values = await this.#present()
    const storages = [...new Set(changes.map(({ settings }) => settings))]
    const using = storages.filter((one) =>
      changes.every((change, index) => change.settings !== one || values[index] === change.value),
    )
    return using.length === storages.length ? 'by all' : using.length > 0 ? 'by some' : 'by none'
  }

  /** @throws Failure where the former values can not be put back */
  async check(): Promise<void> {
    if (!this.#isKnown()) return
    const values = await this.#present()
    // Each by itself: an undo that failed half-way may have put back a part.
    if (!this.#of.changes.every(({ id, value }, index) => [value, this.#known[id] ?? ''].includes(values[index] ?? '')))
      throw this.#overtaken()
  }

  /**
   * Points the releases to the restored data, or back to the former. What the properties said is journaled before the
   * first is changed, and of theirs nothing else is.
   * @throws Failure where somebody has pointed them elsewhere since
   */
  async point(to: 'restored' | 'former', journal: Journal): Promise<void> {
    const { changes, noun, properties } = this.#of
    if (properties === undefined) return
    this.recall(journal)
    if (!this.#isKnown()) {
      // never pointed anywhere else: nothing is to be put back
      if (to === 'former') return
      const note = async (): Promise<Values> =>
        Object.fromEntries(
          await Promise.all(
            changes.map(
              async ({ id, settings, property }) =>
                [id, (await properties.written(settings, property)) ?? null] as const,
            ),
          ),
        )
      this.#known = await journal.once(noteStep, note)
    }
    for (const { id, settings, property, value } of changes) {
      const before = this.#known[id] ?? undefined
      const [from, until] = to === 'restored' ? [before, value] : [value, before]
      await journal.ensure(`point ${id} to the ${to} ${noun}`, async () => {
        const present = await properties.written(settings, property)
        if (present === until) return
        if (present !== from) throw this.#overtaken()
        await properties.write(settings, property, until)
      })
    }
  }

  #isKnown(): boolean {
    return Object.keys(this.#known).length > 0
  }

  /** Each as it is written, or as the release reads it where the text is kept out of reach. */
  async #present(): Promise<string[]> {
    const { asRead, changes, properties } = this.#of
    const present = async ({ settings, property }: Change) =>
      properties === undefined || properties.obstacle(settings) !== undefined
        ? asRead(settings, property)
        : await properties.written(settings, property)
    return await Promise.all(changes.map(async (change) => (await present(change)) ?? ''))
  }

  #overtaken(): Failure {
    const { cure, noun, title } = this.#of
    return new Failure({
      what: `${title} cannot be pointed to other ${noun}`,
      why:
        `the properties of a release name neither the restored ${noun} nor those that it used before: ` +
        'somebody changed them since',
      next: cure,
    })
  }
}
