import { Metadata, status, type sendUnaryData, type UntypedServiceImplementation } from '@grpc/grpc-js'
import type { Faults, Method } from './faults.ts'
import type { Gate, PauseResult } from './gate.ts'
import { statusDetails, type Empty, type PauseRequest } from './protocol.ts'

/**
 * Generation of the server: 4 is described in README.md, 3 is what 3.x does, 2 knows neither CheckPaused nor a maximum
 * wait.
 */
export type ServerVersion = '4' | '3' | '2'

const defaultWaitMs = 30_000

interface AdminOptions {
  gate: Gate
  faults: Faults
  version: ServerVersion
  /** called when a Pause succeeded */
  onPaused: () => void
  log: (line: string) => void
}

class AdminError extends Error {
  readonly code: status
  readonly metadata: Metadata

  constructor(code: status, details: string, reason?: PauseResult) {
    super(details)
    this.code = code
    this.metadata = new Metadata()
    if (reason !== undefined) this.metadata.set('grpc-status-details-bin', statusDetails(code, details, reason))
  }

  get details(): string {
    return this.message
  }
}

/** How long a Pause waits for requests in flight, in ms; undefined where it was asked not to. */
function waitOf(request: PauseRequest, version: ServerVersion): number | undefined {
  if (request.wait_outstanding !== true) return undefined
  const asked = version === '2' ? undefined : request.max_pause_wait_time
  if (version !== '4') return asked === undefined || asked === 0 ? defaultWaitMs : asked
  if (asked !== undefined && asked <= 0) {
    throw new AdminError(
      status.INVALID_ARGUMENT,
      `max_pause_wait_time must be positive, not ${asked} ms; without it the server waits ${defaultWaitMs} ms`,
    )
  }
  return asked ?? defaultWaitMs
}

function failureOf(result: PauseResult, waitMs: number, version: ServerVersion): AdminError {
  // Servers of before 4.0 fail with the bare status.
  if (version !== '4') return new AdminError(status.FAILED_PRECONDITION, '')
  if (result === 'TIMED_OUT')
    return new AdminError(
      status.FAILED_PRECONDITION,
      `requests in flight were not done within ${waitMs} ms; the gate is open again`,
      result,
    )
  if (result === 'TIMED_OUT_STILL_PAUSED') {
    return new AdminError(
      status.FAILED_PRECONDITION,
      `requests in flight were not done within ${waitMs} ms; an earlier pause keeps the gate closed`,
      result,
    )
  }
  if (result === 'GATE_OPEN')
    return new AdminError(status.ABORTED, 'an unpause opened the gate while requests in flight were awaited', result)
  return new AdminError(status.ABORTED, 'another pause is in progress', result)
}

/**
 * rpc.Admin in front of a gate. A call that its client gave up runs to its end all the same, as on a real server.
 */
export function adminImplementation({
  gate,
  faults,
  version,
  onPaused,
  log,
}: AdminOptions): UntypedServiceImplementation {
  const answer = async <R>(method: Method, callback: sendUnaryData<R>, act: () => Promise<R> | R) => {
    try {
      const failure = faults.failure(method)
      if (failure !== undefined)
        throw new AdminError(status[failure as keyof typeof status], 'a fault that was asked for')
      const result = await act()
      if (faults.hangs(method)) return
      await faults.delay(method)
      callback(null, result)
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return {
    Pause: ({ request }: { request: PauseRequest }, callback: sendUnaryData<Empty>) =>
      void answer('Pause', callback, async () => {
        const waitMs = waitOf(request, version)
        const result = await gate.pause(waitMs)
        log(`Pause: ${result}`)
        if (result !== 'PAUSED') throw failureOf(result, waitMs ?? 0, version)
        onPaused()
        return {}
      }),
    Unpause: (_: unknown, callback: sendUnaryData<Empty>) =>
      void answer('Unpause', callback, () => {
        gate.open()
        log('Unpause')
        return {}
      }),
    CheckPaused: (_: unknown, callback: sendUnaryData<{ paused: boolean }>) =>
      void answer('CheckPaused', callback, () => ({ paused: !gate.isOpen })),
  }
}
