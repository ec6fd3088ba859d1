// Room: a release pointed to restored data by its properties, and back.
// Read repointing (what a kind of database uses), former-values.

import { Failure } from '../../../operation/failure.ts'
import type { Finding } from '../../../operation/finding.ts'
import type { Journal } from '../../journal/journal.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import type { ByHand, NamedProperty, ReleaseProperties } from '../database.ts'
import { FormerValues, type Values } from './former-values.ts'

// How a kind of database uses it: it makes one Repointing of all that has to change, in every operation alike, and
//
//   preflight, checkSwitch   findings(): whether each property can be changed where it is kept
//   load, with print         byHand(): the commands that the administrator types
//   activate                 point('restored', journal)
//   checkWayBack             check(), findings()
//   deactivate               point('former', journal)
//   dropPrevious             inUse() must be 'by all'; forget() once the former data is gone
//   describe                 details.former = recorded(), which the undo gets back as `former`
//
// What the properties said before is kept until the way back is used or given up: in a Secret of ours where any of them
// is in a Secret, else in the journal and the record.

/** A property of one storage that names its database, and what it is to be. */
export type Change = NamedProperty & {
  /** as the journal and the record name it, see changeId */
  id: string
} & (
    | { /** that anybody may see */ value: string }
    | {
        /** A key or a password, asked for when it is written. It is compared with nothing, since it may be renewed. */
        secret: () => Promise<string>
        /** what prints it on the administrator's machine */
        command: string
      }
  )

export interface Repointed {
  /** unique: whose former values these are */
  operation: string
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
  readonly #former: FormerValues

  constructor(of: Repointed) {
    this.#of = of
    this.#former = new FormerValues(of)
  }

  /** each property with its new value, for people */
  get lines(): string[] {
    const { changes, properties } = this.#of
    return changes.map((change) => {
      const { settings, property } = change
      const value = 'secret' in change ? `(what this prints: ${change.command})` : change.value
      return properties?.line(settings, property, value) ?? `scalar.db.${property}=${value}`
    })
  }

  /** the commands that set each property, for people */
  async byHand(): Promise<string[]> {
    const { changes, properties } = this.#of
    const values = changes.map((change): ByHand => {
      const { settings, property } = change
      return { settings, property, ...('secret' in change ? { command: change.command } : { value: change.value }) }
    })
    return (await properties?.byHand(values)) ?? this.lines.map((line) => `set ${line}`)
  }

  /** Looks, changing nothing, whether each property can be changed where it is kept. */
  async findings(): Promise<Finding[]> {
    const { changes, properties, title } = this.#of
    const check = { check: 'properties', subject: title }
    const found = await Promise.all(
      changes.map((change) =>
        properties?.obstacle(change.settings, change.property, 'secret' in change ? 'secret' : 'open'),
      ),
    )
    const obstacles = [...new Map(found.flatMap((one) => (one === undefined ? [] : [[one.why, one]]))).values()]
    if (obstacles.length === 0) return [{ ...check, outcome: 'ok', message: `will be set: ${this.lines.join(', ')}` }]
    return obstacles.map(({ why, next }) => ({ ...check, outcome: 'error', message: why, cure: next }))
  }

  /** the former values, once they are known */
  former(): Values {
    return this.#former.known
  }

  /** what the record keeps for an undo: the former values, or the Secret that they are in */
  recorded(): Values | { keptIn: string } {
    return this.#former.recorded()
  }

  /** the former values, and before they are known those of this moment */
  async before(): Promise<Values> {
    await this.#former.recall()
    if (this.#isKnown()) return this.former()
    const values = await this.#present()
    return Object.fromEntries(this.#of.changes.map(({ id }, index) => [id, values[index] ?? '']))
  }

  /** takes up the former values as an earlier worker of the same operation noted them, or as they are kept */
  async recall(journal?: Journal): Promise<void> {
    await this.#former.recall(journal)
  }

  /** whether the restored data is what the storages use: all of them, some, none */
  async inUse(): Promise<'by all' | 'by some' | 'by none'> {
    const { changes } = this.#of
    const values = await this.#present()
    const storages = [...new Set(changes.map(({ settings }) => settings))]
    const using = storages.filter((one) =>
      changes.every((change, index) => change.settings !== one || 'secret' in change || values[index] === change.value),
    )
    return using.length === storages.length ? 'by all' : using.length > 0 ? 'by some' : 'by none'
  }

  /** @throws Failure where the former values can not be put back */
  async check(): Promise<void> {
    await this.#former.recall()
    if (!this.#isKnown()) return await this.#refuseForgotten()
    const values = await this.#present()
    // Each by itself: an undo that failed half-way may have put back a part.
    const fits = (change: Change, index: number) =>
      'secret' in change || [change.value, this.former()[change.id] ?? ''].includes(values[index] ?? '')
    if (!this.#of.changes.every(fits)) throw this.#overtaken()
  }

  /**
   * Points the releases to the restored data, or back to the former. What the properties said is kept before the first
   * is changed, and of theirs nothing else is.
   * @throws Failure where somebody has pointed them elsewhere since
   */
  async point(to: 'restored' | 'former', journal: Journal): Promise<void> {
    const { changes, noun, properties } = this.#of
    if (properties === undefined) return
    await this.#former.recall(journal)
    if (!this.#isKnown()) {
      // never pointed anywhere else: nothing is to be put back
      if (to === 'former') return await this.#refuseForgotten()
      await this.#former.note(journal, properties)
    } else if (to === 'restored') await this.#former.keep()
    for (const change of changes)
      await journal.ensure(`point ${change.id} to the ${to} ${noun}`, () => this.#set(change, to, properties))
    if (to === 'former') await this.forget(journal)
  }

  /** Keeps what the properties said before no longer, where it is in a Secret: nobody goes back any more. */
  async forget(journal: Journal): Promise<void> {
    await this.#former.forget(journal)
  }

  async #set(change: Change, to: 'restored' | 'former', properties: ReleaseProperties): Promise<void> {
    const { settings, property } = change
    const before = this.former()[change.id] ?? undefined
    const restored = 'secret' in change ? change.secret : () => change.value
    const until = to === 'restored' ? await restored() : before
    const present = await properties.written(settings, property)
    if (present === until) return
    if (!('secret' in change) && present !== (to === 'restored' ? before : change.value)) throw this.#overtaken()
    await properties.write(settings, property, until)
  }

  #isKnown(): boolean {
    return Object.keys(this.former()).length > 0
  }

  /** @throws Failure where the releases use the restored data, and the values to put back were kept and are gone */
  async #refuseForgotten(): Promise<void> {
    const { keptIn } = this.#former
    if (keptIn === undefined || (await this.inUse()) === 'by none') return
    const { noun, title } = this.#of
    throw new Failure({
      what: `${title} cannot be pointed to the former ${noun}`,
      why: `Secret ${keptIn}, which kept what the properties said before, has it no more`,
      next: `set the properties of the release yourself, or restore another backup`,
    })
  }

  /** Each as it is written, or as the release reads it where the text is kept out of reach; no secret is looked at. */
  async #present(): Promise<string[]> {
    const { asRead, changes, properties } = this.#of
    const present = async (change: Change) => {
      if ('secret' in change) return ''
      const { settings, property } = change
      return properties === undefined || (await properties.obstacle(settings, property, 'open')) !== undefined
        ? asRead(settings, property)
        : await properties.written(settings, property)
    }
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
