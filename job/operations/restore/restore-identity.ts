/**
 * What a restore's databases are named and marked after: its name and its time. A name alone is free again once its
 * record is gone, while the databases of the restore may still be there.
 */
export function restoreIdentity({ operation, createdAt }: { operation: string; createdAt: string }): string {
  return `${operation}@${createdAt}`
}
