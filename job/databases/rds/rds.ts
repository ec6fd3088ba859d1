// Room: DB instances of Amazon RDS: what they are, what a restore makes of them, and what it forgets.
// Read rds, instances, settings, details, check-instance, compare, complete-instance; the rest is common to clusters.

import type { DatabaseKind } from '../database.ts'
import { relationalDatabase } from '../aws-relational/relational-database.ts'
import { instances } from './instances.ts'

/** DB instances of Amazon RDS with PostgreSQL, MySQL or MariaDB, by the past that the service keeps of them. */
export const rds: DatabaseKind = relationalDatabase(instances)
