import type { Account } from './account.ts'
import type { Container, Throughput } from './container.ts'
import { Database } from './database.ts'

/** What a new database or container has at the least. */
export const defaultThroughput: Throughput = { manual: 400 }

export interface RestoreOptions {
  /** up to where the backup of a container goes that is asked for `momentMs` */
  momentOf: (container: Container) => number
  momentMs: number
  /** when the restored data is there, ms */
  atMs: number
  ttl: 'kept' | 'disabled'
  throughput: 'kept' | 'default'
  /** names of databases, each with its containers; all of them where it is empty */
  only: readonly { databaseName: string; collectionNames: readonly string[] }[]
}

/** The databases of an account as they were at a moment. */
export function dataAt(source: Account, options: RestoreOptions): Database[] {
  const { momentMs, momentOf, atMs, ttl, throughput, only } = options
  const carried = (then: Throughput | undefined) =>
    then === undefined || throughput === 'kept' ? then : defaultThroughput
  return source.everyDatabase
    .filter((database) => database.existedAt(momentMs))
    .filter(({ name }) => only.length === 0 || only.some(({ databaseName }) => databaseName === name))
    .map((database) => {
      const copy = new Database(database.name, atMs, carried(database.throughput.at(momentMs)))
      const chosen = only.find(({ databaseName }) => databaseName === database.name)?.collectionNames ?? []
      for (const container of database.everyContainer) {
        if (!container.existedAt(momentMs)) continue
        if (chosen.length > 0 && !chosen.includes(container.name)) continue
        const throughputThen = carried(container.throughput.at(momentMs))
        copy.add(container.copyAt(momentOf(container), { atMs, ttl, throughput: throughputThen }))
      }
      return copy
    })
}
