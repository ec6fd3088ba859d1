import { sameRegion } from '../account/account.ts'
import { contentsThen, type Contents } from '../account/contents-then.ts'
import { pastOf, type Past } from '../account/restorable-account.ts'
import type { RestoreWork } from './restore-work.ts'

/** What the service keeps of the account that was backed up, be that still there or not. */
export async function sourcePast({
  arm,
  details: { id, instanceId, settings },
}: RestoreWork): Promise<Past | undefined> {
  return await pastOf(arm, { id, instanceId, regions: settings.regions.map(({ name }) => name) })
}

/** The region whose backup is restored: the one restored to where a backup is kept there, else that written to. */
export function sourceRegion({ region, details }: Pick<RestoreWork, 'region' | 'details'>, past: Past): string {
  const [written = region] = details.settings.regions.map(({ name }) => name)
  const kept = (name: string) => past.regions.some((one) => sameRegion(one, name))
  if (kept(region)) return region
  return kept(written) ? written : (past.regions[0] ?? written)
}

/** What the service says that the restore brings back. */
export async function contentsOf(work: RestoreWork, past: Past): Promise<Contents | undefined> {
  return await contentsThen(work.arm, past, { region: sourceRegion(work, past), point: work.point })
}
