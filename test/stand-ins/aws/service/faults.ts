import { AwsError, throttled } from './errors.ts'
import { matches } from './glob.ts'
import type { Fault } from '../settings.ts'

/** A call as faults are matched with it. */
export interface CallSubject {
  operation: string
  tables: readonly string[]
  region: string
}

/** Counts the calls that match each fault; settings that are set anew begin at nought. */
export class FaultCounts {
  #of: readonly Fault[] = []
  #counts = new Map<Fault, number>()

  /** The first fault that strikes this call. */
  strike(faults: readonly Fault[], call: CallSubject): Fault | undefined {
    if (faults !== this.#of) {
      this.#of = faults
      this.#counts = new Map()
    }
    let struck: Fault | undefined
    for (const fault of faults) {
      if (!matches(fault.operation, call.operation) || !matches(fault.region, call.region)) continue
      if (fault.table !== '*' && !call.tables.some((table) => matches(fault.table, table))) continue
      const count = this.#counts.get(fault) ?? 0
      this.#counts.set(fault, count + 1)
      if (count < fault.skip || (fault.times !== undefined && count >= fault.skip + fault.times)) continue
      struck ??= fault
    }
    return struck
  }
}

export const internalError = () =>
  new AwsError(
    'InternalServerError',
    'The request processing has failed because of an unknown error, exception or failure.',
    500,
  )

/** The error that a fault answers before anything happens; undefined where it is of another kind. */
export function errorOf(fault: Fault): AwsError | undefined {
  switch (fault.effect) {
    case 'throttle':
      return throttled()
    case 'throughput':
      return new AwsError(
        'ProvisionedThroughputExceededException',
        'The level of configured provisioned throughput for the table was exceeded. ' +
          'Consider increasing your provisioning level with the UpdateTable API.',
      )
    case 'internal':
      return internalError()
    case 'unavailable':
      return new AwsError('ServiceUnavailable', 'The service is currently unavailable or busy.', 503)
    case 'expired':
      return new AwsError('ExpiredTokenException', 'The security token included in the request is expired')
    case 'error':
      return new AwsError(fault.error?.code ?? 'ValidationException', fault.error?.message ?? '', fault.error?.status)
    default:
      return undefined
  }
}
