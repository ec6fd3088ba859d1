import { AwsError, throttled } from './errors.ts'
import { matches } from '../../cloud/glob.ts'
import type { Fault } from '../settings.ts'

/** A call as faults are matched with it. */
export interface CallSubject {
  operation: string
  tables: readonly string[]
  region: string
}

/** Whether a fault's rule is about this call. */
export const isOf =
  ({ operation, tables, region }: CallSubject) =>
  (fault: Fault): boolean =>
    matches(fault.operation, operation) &&
    matches(fault.region, region) &&
    (fault.table === '*' || tables.some((table) => matches(fault.table, table)))

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
