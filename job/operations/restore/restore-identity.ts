/**
 * What a restore's databases are named and marked after. The time as well as the name, since a name is free again once
 * its record is gone, while the databases that it made may still be there.
 */
export function restoreIdentity({ operation, createdAt }: { operation: string; createdAt: string }): string {
  return `${operation}@${createdAt}`
}
