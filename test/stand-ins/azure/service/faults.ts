import { matches } from '../../aws/service/glob.ts'
import type { Fault } from '../settings.ts'
import { AzureError, internalError } from './errors.ts'

/** A call as faults are matched with it. */
export interface CallSubject {
  action: string
  method: string
  account: string
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
      if (!matches(fault.action, call.action) || !matches(fault.method, call.method)) continue
      if (!matches(fault.account, call.account)) continue
      const count = this.#counts.get(fault) ?? 0
      this.#counts.set(fault, count + 1)
      if (count < fault.skip || (fault.times !== undefined && count >= fault.skip + fault.times)) continue
      struck ??= fault
    }
    return struck
  }
}

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
