import type { ClockSample } from './measure-clock.ts'

/** A Date header as HTTP writes it (IMF-fixdate, RFC 9110, 5.6.7), ms since the epoch; undefined for anything else. */
export function parseHttpDate(header: string | null | undefined): number | undefined {
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(header ?? '')) return undefined
  const dateMs = Date.parse(header ?? '')
  return Number.isNaN(dateMs) ? undefined : dateMs
}

/**
 * One sample of a service's clock.
 * @param ask makes one attempt of a request, and answers with its Date header; an attempt that is repeated inside would
 * spoil it
 */
export async function sampleDate(ask: () => Promise<string | null | undefined>): Promise<ClockSample | undefined> {
  const sentMs = Date.now()
  const dateMs = parseHttpDate(await ask())
  return dateMs === undefined ? undefined : { sentMs, receivedMs: Date.now(), dateMs }
}
