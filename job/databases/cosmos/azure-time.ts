/**
 * A time as Cosmos DB's management writes it, ms since the epoch; undefined for anything else. The examples are ISO;
 * the real service writes the latest restorable time as "3/13/2023 3:41:56 PM", in UTC and without saying so.
 */
export function parseAzureTime(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2}):(\d{2}) ([AP])M$/.exec(text.trim())
  if (american !== null) {
    const [month, day, year, hour, minute, second] = american.slice(1, 7).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    return Date.UTC(year, month - 1, day, (hour % 12) + (american[7] === 'P' ? 12 : 0), minute, second)
  }
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?$/.test(text)) return undefined
  // Without a zone it is UTC as well, which Date.parse would take for the pod's own.
  return Date.parse(/(Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}Z`)
}
