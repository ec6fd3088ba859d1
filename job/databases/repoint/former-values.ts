import { createHash } from 'node:crypto'
import * as z from 'zod'
import { Failure } from '../../../operation/failure.ts'
import { formerSecretName } from '../../../operation/names.ts'
import type { Journal } from '../../journal/journal.ts'
import type { NamedProperty, ReleaseProperties } from '../database.ts'

/** Values of properties by `<storage> <property>`; null: it was not there. */
const valuesSchema = z.record(z.string(), z.string().nullable())
export type Values = z.infer<typeof valuesSchema>

/** What a journal or a record says where the values are in a Secret; no storage's property has such a name. */
const keptSchema = z.strictObject({ keptIn: z.string().startsWith(formerSecretName('')) })

const noteStep = 'note properties'

interface Of {
  operation: string
  changes: readonly (NamedProperty & { id: string })[]
  properties: ReleaseProperties | undefined
  /** as the record of the restore has them, for an undo */
  former: unknown
}

/**
 * What properties said before a restore changed them. Where one of them is in a Secret, all are kept in a Secret of
 * ours, and journal and record only say in which; else journal and record have them.
 */
export class FormerValues {
  readonly #of: Of
  #known: Values = {}
  #keptIn: string | undefined

  constructor(of: Of) {
    this.#of = of
    this.#take(of.former)
  }

  /** those that are known by now */
  get known(): Values {
    return this.#known
  }

  /** the Secret that has them; undefined where they are in the record */
  get keptIn(): string | undefined {
    return this.#keptIn
  }

  recorded(): Values | { keptIn: string } {
    return this.#keptIn === undefined ? this.#known : { keptIn: this.#keptIn }
  }

  /** Takes them up as an earlier worker has noted them, and from the Secret that keeps them. */
  async recall(journal?: Journal): Promise<void> {
    this.#take(journal?.result(noteStep))
    if (this.#keptIn === undefined || Object.keys(this.#known).length > 0) return
    const text = await this.#of.properties?.former(this.#keptIn, this.#entry())
    if (text !== undefined) this.#known = readValues(text, this.#keptIn)
  }

  /** Notes what the properties say now, before the first of them is changed. */
  async note(journal: Journal, properties: ReleaseProperties): Promise<void> {
    const { changes } = this.#of
    let values: Values = {}
    const noted = await journal.once(noteStep, async (): Promise<Values | { keptIn: string }> => {
      values = Object.fromEntries(
        await Promise.all(
          changes.map(
            async ({ id, settings, property }) => [id, (await properties.written(settings, property)) ?? null] as const,
          ),
        ),
      )
      const keptIn = await properties.formerIn(changes)
      if (keptIn === undefined) return values
      await properties.keepFormer(keptIn, this.#entry(), JSON.stringify(values))
      return { keptIn }
    })
    this.#take(noted)
    if (this.#keptIn !== undefined) this.#known = values
  }

  /** Keeps what is known where it belongs, which an undo may have forgotten already. */
  async keep(): Promise<void> {
    const { properties } = this.#of
    if (this.#keptIn !== undefined)
      await properties?.keepFormer(this.#keptIn, this.#entry(), JSON.stringify(this.#known))
  }

  /** Removes them from their Secret; what the record has stays. */
  async forget(journal: Journal): Promise<void> {
    const { properties } = this.#of
    const keptIn = this.#keptIn
    if (keptIn === undefined || properties === undefined) return
    await journal.ensure('forget what the properties said', () =>
      properties.keepFormer(keptIn, this.#entry(), undefined),
    )
  }

  /** A key of a Secret has letters, digits and -._ (Kubernetes API, Secret.data). */
  #entry(): string {
    const { operation, changes } = this.#of
    const mark = createHash('sha256')
      .update(
        changes
          .map(({ id }) => id)
          .sort()
          .join('\n'),
      )
      .digest('hex')
      .slice(0, 8)
    return `${operation.replaceAll(/[^-.\w]/g, '_')}.${mark}`
  }

  #take(told: unknown): void {
    const kept = keptSchema.safeParse(told)
    if (kept.success) this.#keptIn = kept.data.keptIn
    else this.#known = valuesSchema.safeParse(told).data ?? this.#known
  }
}

/** @throws Failure where these are none; an error of the parser would say a part of what is kept */
function readValues(text: string, secret: string): Values {
  try {
    return valuesSchema.parse(JSON.parse(text))
  } catch {
    throw new Failure({
      what: 'what the properties said before cannot be read',
      why: `somebody has changed what Secret ${secret} keeps`,
      next: 'set the properties of the release yourself, or restore another backup',
    })
  }
}
