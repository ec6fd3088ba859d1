import { partsOf } from '../account/account.ts'
import type { AccountRepointing } from './account-repointing.ts'
import type { RestoreWork } from './restore-work.ts'

/** What the administrator does to point the releases to the restored account, every command as it is typed. */
export async function instructions(
  { details, target }: RestoreWork,
  repointing: AccountRepointing,
  differences: readonly string[],
): Promise<string[]> {
  const { resourceGroup, subscription } = partsOf(target)
  return [
    ...differences.map((difference) => `see to this first, no restore can: ${difference}`),
    ...(await repointing.byHand()),
    'both of before put back, and the pods started with them, point the release back',
    `once nobody needs the former account: az cosmosdb delete --name ${partsOf(details.id).name} ` +
      `--resource-group ${resourceGroup} --subscription ${subscription}`,
  ]
}
