import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { Contents } from '../account/contents-then.ts'
import type { DatabaseSettings } from '../details.ts'
import type { RestoreWork } from './restore-work.ts'

/** What a moment brings back, beside what the record has of the account. */
export interface BroughtBack {
  /** those of the record that are to be there, with all their settings */
  databases: DatabaseSettings[]
  /** DATABASE/CONTAINER of the record that was not there at that moment */
  missing: string[]
  /** DATABASE/CONTAINER that the record has nothing of: it comes back without its procedures */
  unrecorded: string[]
}

/**
 * Compares the record with what the service says that it brings back. A container that was written to at the restore
 * point of the backup is to be there whatever the service says.
 * @param contents undefined where the service says nothing: then all of the record
 */
export function broughtBack(
  { details, entry, point }: Pick<RestoreWork, 'details' | 'entry' | 'point'>,
  contents: Contents | undefined,
): BroughtBack {
  const listed = contents === undefined ? undefined : new Set(contents.flatMap(titlesOf))
  const certain = titlesAtPoint(entry, point)
  const isExpected = (title: string) => listed === undefined || listed.has(title) || certain.has(title)
  const title = (database: string, container: string) => `${database}/${container}`
  const recorded = details.databases.flatMap(({ name, containers }) =>
    containers.map((container) => title(name, container.name)),
  )
  const names = new Set(contents?.map(({ database }) => database))
  return {
    databases: details.databases
      .map((database) => ({
        ...database,
        containers: database.containers.filter(({ name }) => isExpected(title(database.name, name))),
      }))
      .filter(({ name, containers }) => listed === undefined || containers.length > 0 || names.has(name)),
    missing: recorded.filter((one) => listed?.has(one) === false),
    unrecorded: [...(listed ?? [])].filter((one) => !recorded.includes(one)).sort(),
  }
}

/** The containers that the backup was made of, where its very point is restored. */
function titlesAtPoint(entry: DatabaseBackup, point: Date): Set<string> {
  if (Date.parse(entry.snapshotAt ?? '') !== point.getTime()) return new Set()
  return new Set(entry.tables.map(({ schema, name }) => `${schema}/${name}`))
}

function titlesOf({ database, containers }: Contents[number]): string[] {
  return containers.map((container) => `${database}/${container}`)
}
