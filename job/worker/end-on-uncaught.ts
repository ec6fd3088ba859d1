import { unrecordedExitCode } from './worker.ts'

/** Time to unpause, to put things back and to write the record, ms. */
const usualLastMs = 50_000

/**
 * Stops the worker at an error that nobody caught. If it does not come to its end, or nothing is left that it could
 * wait for, its process gives no verdict: the Job starts another, as often as its backoffLimit allows, which goes on
 * from the journal.
 * @param stop aborted with the error
 * @param lastMs how long the worker has then
 */
export function endOnUncaught(stop: AbortController, lastMs = usualLastMs): void {
  process.exitCode = unrecordedExitCode
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      stop.abort(error)
      setTimeout(() => process.exit(), lastMs).unref()
    })
  }
}
