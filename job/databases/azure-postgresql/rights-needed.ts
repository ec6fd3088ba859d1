const servers = 'Microsoft.DBforPostgreSQL/flexibleServers'

/** What a backup asks of Azure, as roles name it. */
export const backupActions = [
  `${servers}/read`,
  `${servers}/firewallRules/read`,
  `${servers}/configurations/read`,
  `${servers}/administrators/read`,
  `${servers}/replicas/read`,
] as const

/** What a restore, and the removal of what it made, asks of Azure beyond that. */
export const restoreActions = [
  'Microsoft.DBforPostgreSQL/locations/checkNameAvailability/action',
  // whoever follows an operation asks where it stands
  'Microsoft.DBforPostgreSQL/locations/azureAsyncOperation/read',
  `${servers}/write`,
  `${servers}/delete`,
  `${servers}/restart/action`,
  `${servers}/firewallRules/write`,
  `${servers}/firewallRules/delete`,
  `${servers}/configurations/write`,
  `${servers}/administrators/write`,
  `${servers}/administrators/delete`,
] as const

/** Asked of Azure itself: whether the others are there. */
export const askRights = 'Microsoft.Authorization/permissions/read'
