import { aurora, rds } from './aws-relational.ts'
import { azureMysql, azurePostgresql } from './azure-flexible.ts'
import { cassandra } from './cassandra.ts'
import { cosmos } from './cosmos.ts'
import { dynamodb } from './dynamodb.ts'
import type { KnownKind } from './kind.ts'
import { mysql } from './mysql.ts'
import { otherDatabase } from './other-database.ts'
import { postgresql } from './postgresql.ts'

/** Every kind of database that the plugin knows; a new one is its file and its line here. */
export const knownKinds: readonly KnownKind[] = [
  postgresql,
  mysql,
  dynamodb,
  cosmos,
  rds,
  aurora,
  azurePostgresql,
  azureMysql,
  cassandra,
  otherDatabase,
]

/** What a release uses that names no storage (ScalarDB, core/…/config/DatabaseConfig.java). */
export const defaultStorage = cassandra.storage

/** The kind of a backup's entry; undefined where it is of a newer version. */
export function kindOfEntry(
  { kind }: { kind: string },
  kinds: readonly KnownKind[] = knownKinds,
): KnownKind | undefined {
  return kinds.find(({ name }) => name === kind)
}

/** What people call several kinds, in one phrase: `DynamoDB, Cosmos DB or Cassandra`. */
export function titlesOf(kinds: readonly KnownKind[]): string {
  const titles = kinds.map(({ title }) => title)
  return [...titles.slice(0, -2), titles.slice(-2).join(' or ')].join(', ')
}
