import * as z from 'zod'
import type { PauseWindowRecord } from '../../operation/record.ts'
import type { Journal } from './journal.ts'
import type { RecordStore } from './record-store.ts'

/** Where a pause is written down. */
interface Written {
  journal: Journal
  record: RecordStore
}

/** What was about to be paused: enough to undo it. */
export const intentSchema = z.object({
  servers: z.array(
    z.object({
      address: z.string(),
      /** the name its certificate is checked against, where it was found by a name */
      serverName: z.string().optional(),
      uid: z.string().optional(),
    }),
  ),
  /** restarts of each pod's server before the pause, by uid: a restarted process is no longer paused */
  restarts: z.record(z.string(), z.int()),
})
export type PauseIntent = z.infer<typeof intentSchema>

/**
 * Journal step of the n-th pause whose result says what is about to be paused; finished before the first Pause is sent.
 */
export function intentStep(number: number): string {
  return `pause ${number}: intent`
}

/** Journal step finished when every server of the n-th pause was unpaused. */
export function endedStep(number: number): string {
  return `pause ${number}: ended`
}

/** The intent of the n-th pause; undefined when nothing can have been paused by it. */
function intentOf(journal: Journal, number: number): PauseIntent | undefined {
  const parsed = intentSchema.safeParse(journal.result(intentStep(number)))
  return parsed.success ? parsed.data : undefined
}

/** The number of the next pause, used up from here on: a guard may know what came to nothing under an earlier one. */
export async function takeNumber(journal: Journal): Promise<number> {
  let number = 1
  while (journal.begun(intentStep(number))) number += 1
  await journal.begin(intentStep(number))
  return number
}

/** Pauses of this operation that were begun and not ended, by an earlier worker. */
export function openPauses(journal: Journal): { number: number; intent: PauseIntent }[] {
  const open: { number: number; intent: PauseIntent }[] = []
  for (let number = 1; journal.begun(intentStep(number)); number += 1) {
    const intent = intentOf(journal, number)
    // Without an intent no Pause was sent.
    if (intent !== undefined && journal.result(endedStep(number)) === undefined) open.push({ number, intent })
  }
  return open
}

/** Writes down what is about to be paused, so that whoever comes after a killed worker can undo it. */
export async function journalIntent(context: Written, number: number, intent: PauseIntent): Promise<void> {
  await context.journal.keep(intentStep(number), intent)
}

/** Writes down that nothing of the n-th pause is left. */
export async function journalEnd(context: Written, number: number): Promise<void> {
  await context.journal.keep(endedStep(number), { endedAt: new Date().toISOString() })
}

/** Puts a window into its place in the record. */
export async function recordWindow(
  context: Written,
  index: number,
  window: PauseWindowRecord,
  stillPaused: readonly string[] = [],
): Promise<void> {
  await context.record.update((record) => {
    record.windows[index] = structuredClone(window)
    record.stillPaused = [...new Set([...record.stillPaused, ...stillPaused])]
  })
}
