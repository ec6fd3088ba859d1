import { matches } from '../../cloud/glob.ts'
import type { Fault } from '../settings.ts'
import { AzureError, internalError } from './errors.ts'

/** A call as faults are matched with it. */
export interface CallSubject {
  action: string
  method: string
  account: string
}

/** Whether a fault's rule is about this call. */
export const isOf =
  ({ action, method, account }: CallSubject) =>
  (fault: Fault): boolean =>
    matches(fault.action, action) && matches(fault.method, method) && matches(fault.account, account)

/** The error that a fault answers before anything happens; undefined where it is of another kind. */
export function errorOf(fault: Fault, plane: 'management' | 'data' | 'identity'): AzureError | undefined {
  const from = plane === 'management' ? 'gateway' : 'provider'
  const seconds = fault.retryAfterS
  const wait: Record<string, string> =
    seconds === undefined
      ? {}
      : plane === 'data'
        ? { 'x-ms-retry-after-ms': String(seconds * 1000) }
        : { 'retry-after': String(seconds) }
  switch (fault.effect) {
    case 'throttle':
      return plane === 'data'
        ? new AzureError(429, '429', 'Message: {"Errors":["Request rate is large."]}', {
            headers: { 'x-ms-substatus': '3200', 'x-ms-retry-after-ms': '10', ...wait },
          })
        : new AzureError(429, 'SubscriptionRequestsThrottled', 'Number of requests exceeded the limit.', {
            from,
            headers: wait,
          })
    case 'internal':
      return internalError()
    case 'unavailable':
      return new AzureError(503, 'ServiceUnavailable', 'Service is currently unavailable.', { from, headers: wait })
    case 'expired':
      return new AzureError(
        401,
        'ExpiredAuthenticationToken',
        'The access token expiry UTC time is earlier than now.',
        {
          from,
        },
      )
    case 'error':
      return new AzureError(
        fault.error?.status ?? 400,
        fault.error?.code ?? 'BadRequest',
        fault.error?.message ?? 'a fault that was asked for',
        { from, headers: wait },
      )
    default:
      return undefined
  }
}
