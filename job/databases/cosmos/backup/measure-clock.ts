import { sampleDate } from '../../../clocks/http-date.ts'
import { measureClock, type ClockMeasurement } from '../../../clocks/measure-clock.ts'

/** How long one answer may take, ms: a slow one tells nothing. */
const answerMs = 2_000

/**
 * Measures the clock of an account's data plane by the dates of its answers. Nobody logs in: its refusals are dated
 * like any answer. That the time of a backup is this clock's is not documented, so it is taken as likely and no more.
 * @returns undefined where it could not be measured
 * @throws the signal's reason
 */
export async function measureCosmosClock(endpoint: string, signal: AbortSignal): Promise<ClockMeasurement | undefined> {
  const ask = async () => {
    const answer = await fetch(`${endpoint}/`, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    })
    // Read to its end, so that the connection serves the next sample.
    await answer.arrayBuffer()
    return answer.headers.get('date')
  }
  return await measureClock(() => sampleDate(ask), { signal })
}
