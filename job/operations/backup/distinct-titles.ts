import type { DatabaseBackup } from '../../../operation/record.ts'

/** Two databases may have one title, such as those of two accounts at AWS: their storages then tell them apart. */
export function distinctTitles(databases: readonly DatabaseBackup[]): DatabaseBackup[] {
  const count = (title: string) => databases.filter((other) => other.title === title).length
  return databases.map((one) =>
    count(one.title) === 1 ? one : { ...one, title: `${one.title} (${one.storages.join(', ')})` },
  )
}
