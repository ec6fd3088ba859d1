import * as z from 'zod'
import type { ResourceManager } from '../../../azure/resource-manager.ts'
import type { RecoveryWindow } from '../../point-in-time/recovery-window.ts'
import { parseAzureTime } from '../azure-time.ts'
import { partsOf, regionKey } from './account.ts'

const restorableSchema = z.object({
  id: z.string(),
  /** the instance id of the account */
  name: z.string(),
  location: z.string().optional(),
  properties: z.object({
    accountName: z.string().optional(),
    apiType: z.string().optional(),
    creationTime: z.string().optional(),
    oldestRestorableTime: z.string().nullish(),
    deletionTime: z.string().nullish(),
    restorableLocations: z.array(z.object({ locationName: z.string().optional() })).nullish(),
  }),
})
type RestorableAccount = z.infer<typeof restorableSchema>

/** What the service keeps of an account, whether the account is still there or not. */
export interface Past {
  /** what a restore names as its source */
  id: string
  window: RecoveryWindow
  /** regions that hold backups; the service leaves the list empty at times */
  regions: string[]
}

/**
 * The past of the very account that has this instance id: names are given anew once an account is deleted, and its past
 * is kept beyond it.
 * @param regions of the account: the entry is in the one that it was made in
 * @returns undefined where nothing is kept of it
 */
export async function pastOf(
  arm: ResourceManager,
  { id, instanceId, regions }: { id: string; instanceId: string; regions: readonly string[] },
  nowMs: number = Date.now(),
): Promise<Past | undefined> {
  const { subscription } = partsOf(id)
  for (const region of new Set(regions.map(regionKey))) {
    const path =
      `/subscriptions/${subscription}/providers/Microsoft.DocumentDB/locations/${region}` +
      `/restorableDatabaseAccounts/${encodeURIComponent(instanceId)}`
    const found = restorableSchema.safeParse(await arm.find(path)).data
    if (found !== undefined) return pastIn(found, nowMs)
  }
  return undefined
}

function pastIn({ id, location, properties }: RestorableAccount, nowMs: number): Past {
  const { creationTime, oldestRestorableTime, deletionTime, restorableLocations } = properties
  const starts = [parseAzureTime(creationTime), parseAzureTime(oldestRestorableTime)].flatMap((ms) => ms ?? [])
  const named = (restorableLocations ?? []).flatMap(({ locationName }) => locationName ?? [])
  return {
    id,
    // The oldest time may be before the account was made: the window begins at the later.
    window: {
      earliestMs: starts.length === 0 ? undefined : Math.max(...starts),
      latestMs: parseAzureTime(deletionTime) ?? nowMs,
    },
    regions: named.length > 0 ? named : location === undefined ? [] : [location],
  }
}
