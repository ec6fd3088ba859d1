/** Flags of backup and doctor that say where in Azure an account or a server is. */
export const placeFlags = { subscription: 'azure-subscription', resourceGroup: 'azure-resource-group' } as const
