import { createHash } from 'node:crypto'

/** What an earlier restore put behind the name. */
const earlierSuffix = /-\d{12}-[0-9a-f]{6}$/

/**
 * The name of what a restore makes, of small letters, digits and hyphens: that of its source, the restore point and a
 * mark of the operation and that whole name, so that a second worker finds what the first made, and neither two
 * restores of one backup nor two sources of one operation ever meet.
 * @param mostCharacters that the service takes
 */
export function restoredName(source: string, operation: string, point: Date, mostCharacters: number): string {
  const name = source.toLowerCase()
  const mark = createHash('sha256').update(`${operation} ${name}`).digest('hex').slice(0, 6)
  const time = Number.isNaN(point.getTime()) ? '000000000000' : point.toISOString().replace(/\D/g, '').slice(2, 14)
  const suffix = `-${time}-${mark}`
  const base = name.replace(earlierSuffix, '').slice(0, mostCharacters - suffix.length)
  return `${base.replace(/-+$/, '')}${suffix}`
}
