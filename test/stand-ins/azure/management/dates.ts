/** As most answers write a time: seconds, or the 100 ns of .NET. */
export const secondsDate = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
export const ticksDate = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23)}0000Z`

/** As some answers write a time: with an offset. */
export const offsetDate = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23)}0000+00:00`

/** As the latest restorable time is written: in the manner of the United States, UTC without saying so. */
export function usDate(ms: number): string {
  const date = new Date(ms)
  const hours = date.getUTCHours()
  const two = (value: number) => String(value).padStart(2, '0')
  return (
    `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()} ` +
    `${hours % 12 === 0 ? 12 : hours % 12}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ` +
    (hours < 12 ? 'AM' : 'PM')
  )
}
