import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { partsOf } from '../account/account.ts'
import type { RestoreWork } from './restore-work.ts'

/** What the administrator does to point the releases to the restored account, every command as it is typed. */
export function instructions(
  { settings, details, context: { properties }, target }: RestoreWork,
  endpoint: string,
  differences: readonly string[],
): string[] {
  const { name, resourceGroup, subscription } = partsOf(target)
  const line = (one: StorageSettings, property: string, value: string) =>
    properties?.line(one, property, value) ?? `scalar.db.${property}=${value}`
  return [
    ...differences.map((difference) => `see to this first, no restore can: ${difference}`),
    ...settings.flatMap((one) => [
      `to use the restored account, set ${line(one, 'contact_points', endpoint)}`,
      `and ${line(one, 'password', 'its key')}: where that is a variable of a Secret, ` +
        'write the key there without showing it: ' +
        `az cosmosdb keys list --name ${name} --resource-group ${resourceGroup} --subscription ${subscription} ` +
        "--query primaryMasterKey --output tsv | tr -d '\\n' | kubectl create secret generic SECRET " +
        '--from-file=VARIABLE=/dev/stdin --dry-run=client -o yaml | kubectl apply --server-side --force-conflicts -f -',
    ]),
    'note the former endpoint and keep the former key: both put back point the release back',
    'then upgrade the release with Helm, or restart its pods once ConfigMap and Secret say so',
    `once nobody needs the former account: az cosmosdb delete --name ${partsOf(details.id).name} ` +
      `--resource-group ${resourceGroup} --subscription ${subscription}`,
  ]
}
