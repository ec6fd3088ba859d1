import type { FlexibleService } from './service.ts'

/** What a backup asks of Azure, as roles name it. */
export function backupActions({ type }: FlexibleService): string[] {
  return ['', '/firewallRules', '/configurations', '/administrators', '/replicas'].map((part) => `${type}${part}/read`)
}

/** What a restore, and the removal of what it made, asks of Azure beyond that. */
export function restoreActions({ type }: FlexibleService): string[] {
  const [provider] = type.split('/')
  return [
    `${provider}/locations/checkNameAvailability/action`,
    // whoever follows an operation asks where it stands
    `${provider}/locations/azureAsyncOperation/read`,
    `${type}/write`,
    `${type}/delete`,
    `${type}/restart/action`,
    `${type}/firewallRules/write`,
    `${type}/firewallRules/delete`,
    `${type}/configurations/write`,
    `${type}/administrators/write`,
    `${type}/administrators/delete`,
  ]
}

/** Asked of Azure itself: whether the others are there. */
export const askRights = 'Microsoft.Authorization/permissions/read'
