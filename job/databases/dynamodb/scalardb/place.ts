import type { Details } from '../details.ts'

/** Where tables are, as properties name it: as it is written there, so perhaps with a placeholder in it. */
export interface Place {
  prefix: string
  region: string
}

/** Whether a backup tells of the tables there: it knows each by its id, and of those at another place nothing. */
export function isBackedUp({ prefix, region }: Details, place: Place): boolean {
  return place.prefix === prefix && place.region === region
}

/** Whether it tells where, and not only that an environment variable does. */
export function isWrittenOut({ prefix, region }: Place): boolean {
  return /^[\w.-]*$/.test(prefix) && /^[\w-]+$/.test(region)
}

/** For people. */
export function tablesAt({ prefix, region }: Place): string {
  return `the tables ${prefix === '' ? 'without a prefix' : `under the prefix "${prefix}"`} in ${region}`
}

/**
 * Why a restore leaves the tables alone that were in service before it: the backup is of others, which somebody may be
 * using.
 */
export function notBackedUp(details: Details, former: Place): { why: string; next: string } {
  return {
    why:
      `before the restore the releases used ${tablesAt(former)}; ` +
      `the backup is of ${tablesAt(details)}, and knows only those by their ids`,
    next: `once nobody needs ${tablesAt(former)} any more, delete them yourself`,
  }
}
