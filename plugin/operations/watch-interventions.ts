import { isFinal } from '../../operation/outcome/outcome.ts'
import { delay } from '../kubernetes/api/api-error.ts'
import type { Session } from '../kubernetes/api/session.ts'
import { readRecord } from '../kubernetes/records/records.ts'
import { interventionText } from '../presentation/interventions.ts'

const betweenLooksMs = 1000

/**
 * Tells what the guard of an operation has done as soon as its report says so: where the worker's node is out of reach,
 * the worker's log cannot. Ends once the record is final, since the verdict tells the same. An API server that is away
 * is asked again.
 * @param say gets the text of each intervention once, and again where servers were added to it
 */
export async function watchInterventions(
  session: Session,
  operation: string,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const said = new Set<string>()
  while (!signal.aborted) {
    const record = await readRecord(session, operation).catch(() => undefined)
    if (record !== undefined && isFinal(record)) return
    const texts = record?.guard?.interventions.map((intervention) => interventionText(record, intervention)) ?? []
    for (const text of texts.filter((text) => !said.has(text))) {
      said.add(text)
      say(text)
    }
    await delay(betweenLooksMs, signal)
  }
}
