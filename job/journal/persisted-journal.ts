import type { JournalDocument } from '../../operation/journal.ts'
import { formatTime } from '../../operation/time.ts'
import { formatVersion } from '../../operation/version.ts'
import { coalesced } from './one-save-at-a-time.ts'
import type { Journal, OpenStep } from './journal.ts'

/** Where a journal lives; a ConfigMap in the worker. */
export interface JournalPersistence {
  /** undefined when the operation has none yet */
  read(): Promise<JournalDocument | undefined>
  /** answers when it is durable. @throws Failure where it cannot be written, or another worker writes it as well */
  write(document: JournalDocument): Promise<void>
}

type Entry = JournalDocument['steps'][number]

/** Opens the journal of an operation, as an earlier worker left it or anew. Steps may run beside each other. */
export async function openJournal(operation: string, persistence: JournalPersistence): Promise<Journal> {
  const earlier = await persistence.read()
  const document: JournalDocument = earlier ?? { version: formatVersion, operation, steps: [] }
  /** steps that this worker is doing at this moment */
  const running = new Set<string>()
  const save = coalesced(() => persistence.write(structuredClone(document)))
  const entryOf = (name: string): Entry | undefined => document.steps.find((step) => step.name === name)

  function add(name: string): Entry {
    const entry: Entry = { name, startedAt: formatTime(Date.now()) }
    document.steps.push(entry)
    return entry
  }

  async function begin(name: string): Promise<Entry> {
    const entry = add(name)
    await save()
    return entry
  }

  async function finish(entry: Entry, result: unknown): Promise<void> {
    entry.finishedAt = formatTime(Date.now())
    if (result !== undefined) entry.result = JSON.parse(JSON.stringify(result))
    await save()
  }

  function open(entry: Entry, begunBefore: boolean): OpenStep {
    return {
      begunBefore,
      get noted() {
        return entry.noted
      },
      async note(value) {
        entry.noted = value
        await save()
      },
    }
  }

  async function perform<Result>(name: string, act: (step: OpenStep) => Promise<Result>): Promise<Result> {
    const left = entryOf(name)
    if (left?.finishedAt !== undefined) return left.result as Result
    const entry = left ?? (await begin(name))
    const result = await act(open(entry, left !== undefined))
    await finish(entry, result)
    return result
  }

  /** @throws Error where the same step runs already, which is a mistake of this program */
  async function alone<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
    if (running.has(name)) throw new Error(`step "${name}" runs already`)
    running.add(name)
    try {
      return await run()
    } finally {
      running.delete(name)
    }
  }

  return {
    resumed: earlier !== undefined && earlier.steps.length > 0,
    once: (name, act) => alone(name, () => perform(name, act)),
    ensure: (name, act) =>
      alone(name, async () => {
        const entry = entryOf(name) ?? (await begin(name))
        await act()
        if (entry.finishedAt === undefined) await finish(entry, 'done')
      }),
    keep: (name, result) =>
      alone(name, async () => {
        const entry = entryOf(name) ?? add(name)
        if (entry.finishedAt === undefined) await finish(entry, result)
      }),
    async begin(name) {
      if (entryOf(name) === undefined) await begin(name)
    },
    result: (name) => entryOf(name)?.result,
    begun: (name) => entryOf(name) !== undefined,
  }
}
