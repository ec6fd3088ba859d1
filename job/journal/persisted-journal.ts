import type { JournalDocument } from '../../operation/journal.ts'
import { formatTime } from '../../operation/time.ts'
import { formatVersion } from '../../operation/version.ts'
import { coalesced } from './one-save-at-a-time.ts'
import type { Journal, Step } from './journal.ts'

/** Where a journal lives; a ConfigMap in the worker. */
export interface JournalPersistence {
  /** undefined when the operation has none yet */
  read(): Promise<JournalDocument | undefined>
  /** answers when it is durable. @throws Failure where it cannot be written, or another worker writes it as well */
  write(document: JournalDocument): Promise<void>
}

type Entry = JournalDocument['steps'][number]

/**
 * Opens the journal of an operation, as an earlier run left it or anew. A step's name is durable before it acts, its result
 * before it answers; steps may run beside each other.
 */
export async function openJournal(operation: string, persistence: JournalPersistence): Promise<Journal> {
  const earlier = await persistence.read()
  const document: JournalDocument = earlier ?? { version: formatVersion, operation, steps: [] }
  /** steps of this run, so that only an earlier run's leftovers are looked at */
  const running = new Set<string>()
  const save = coalesced(() => persistence.write(structuredClone(document)))
  const entryOf = (name: string): Entry | undefined => document.steps.find((step) => step.name === name)

  async function begin(name: string): Promise<Entry> {
    const entry: Entry = { name, startedAt: formatTime(Date.now()) }
    document.steps.push(entry)
    await save()
    return entry
  }

  async function perform<Result>(name: string, step: Step<Result>): Promise<Result> {
    const left = entryOf(name)
    if (left?.finishedAt !== undefined) return left.result as Result
    const seen = left === undefined ? undefined : await step.look()
    const entry = left ?? (await begin(name))
    const result = seen ?? (await step.act())
    entry.finishedAt = formatTime(Date.now())
    if (result !== undefined) entry.result = JSON.parse(JSON.stringify(result))
    await save()
    return result
  }

  return {
    resumed: earlier !== undefined && earlier.steps.length > 0,
    async step(name, step) {
      if (running.has(name)) throw new Error(`step "${name}" runs already`)
      running.add(name)
      try {
        return await perform(name, step)
      } finally {
        running.delete(name)
      }
    },
    async begin(name) {
      if (entryOf(name) === undefined) await begin(name)
    },
    result: (name) => entryOf(name)?.result,
    begun: (name) => entryOf(name) !== undefined,
  }
}
