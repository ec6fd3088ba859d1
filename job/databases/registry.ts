import type { DatabaseKind } from './database.ts'
import { aurora } from './aurora/aurora.ts'
import { azureMysql } from './azure-flexible/azure-mysql.ts'
import { azurePostgresql } from './azure-flexible/azure-postgresql.ts'
import { cassandra } from './cassandra/cassandra.ts'
import { cosmos } from './cosmos/cosmos.ts'
import { dynamodb } from './dynamodb/dynamodb.ts'
import { mysql } from './mysql/mysql.ts'
import { otherDatabase } from './other-database/other-database.ts'
import { postgresql } from './postgresql/postgresql.ts'
import { rds } from './rds/rds.ts'

/**
 * Every kind of database that can be backed up; a new one is its folder and its line here. The last takes what no other
 * recognises.
 */
export const databaseKinds: readonly DatabaseKind[] = [
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
