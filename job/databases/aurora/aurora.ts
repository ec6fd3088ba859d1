// Room: clusters of Amazon Aurora: found by their endpoints, what they and their instances are, what a restore makes of
// them, and what it forgets.
// Read aurora, clusters, cluster, settings, details, check-cluster, compare, complete-cluster, remove-cluster; the rest
// is common to instances of RDS.

import type { DatabaseKind } from '../database.ts'
import { relationalDatabase } from '../aws-relational/relational-database.ts'
import { clusters } from './clusters.ts'

/** Clusters of Amazon Aurora, compatible with PostgreSQL or MySQL, by the past that the service keeps of them. */
export const aurora: DatabaseKind = relationalDatabase(clusters)
