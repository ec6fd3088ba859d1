// Room: Apache Cassandra: a snapshot of every node inside the pause, named after the operation and kept on the nodes.
// Read cassandra, access, cql (what the ring says of itself), ring (its pods), nodetool, medusa, backup/, restore/.

import { cassandra as known } from '../../../operation/databases/cassandra.ts'
import type { DatabaseKind } from '../database.ts'
import { groupByRing } from './access.ts'
import { clearOfBackup } from './backup/clear.ts'
import { CassandraSource } from './backup/source.ts'
import { openCql, type OpenSession } from './cql.ts'
import { CassandraDestination } from './restore/destination.ts'
import { HandedOver } from './restore/handed-over.ts'

/** @param open logs in to a ring */
export function cassandraKind(open: OpenSession): DatabaseKind {
  return {
    name: known.name,
    // Each node's snapshot is of its own moment, and a transaction's rows are on several.
    capabilities: {
      consistentAlone: false,
      keepsItsOwnBackups: known.keepsItsOwnBackups,
      restoreEndsIn: 'instructions',
    },
    recognise: ({ kind }, { managed, ownTool }) => managed === undefined && ownTool !== true && kind === known.storage,
    locate: async (settings) => groupByRing(settings).map((own) => ({ settings: own })),
    openBackup: (settings, context) => new CassandraSource(settings, context, open),
    openRestore: (settings, entry, context) => new CassandraDestination(settings, entry, context, open),
    openUndo: (settings, entry, context) => new HandedOver(settings, entry, context, open, context.former),
    remove: (_settings, entry, context) => clearOfBackup(entry, context),
  }
}

export const cassandra = cassandraKind(openCql)
