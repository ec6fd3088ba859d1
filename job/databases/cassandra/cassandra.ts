// Room: Apache Cassandra: a snapshot of every node inside the pause, named after the operation and kept on the nodes.
// Read cassandra, access, cql (what the ring says of itself), ring (its pods), node-control, management-api, nodetool,
// medusa, backup/, restore/, cassy/.

import { cassandra as known } from '../../../operation/databases/cassandra.ts'
import type { DatabaseKind } from '../database.ts'
import { groupByRing } from './access.ts'
import { clearOfBackup } from './backup/clear.ts'
import { CassandraSource } from './backup/source.ts'
import { isByCassy } from './cassy/details.ts'
import { removeBackup } from './cassy/leavings.ts'
import { CassyDestination } from './cassy/destination.ts'
import { CassyHandedOver } from './cassy/restored.ts'
import { readCassy } from './cassy/settings.ts'
import { CassySource } from './cassy/source.ts'
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
    openBackup(settings, context) {
      const cassy = readCassy(context.flags)
      if (cassy === undefined) return new CassandraSource(settings, context, open)
      return new CassySource(settings, context, open, cassy)
    },
    openRestore: (settings, entry, context) =>
      isByCassy(entry)
        ? new CassyDestination(settings, entry, context, open)
        : new CassandraDestination(settings, entry, context, open),
    openUndo: (settings, entry, context) =>
      isByCassy(entry)
        ? new CassyHandedOver(settings, entry, context, open)
        : new HandedOver(settings, entry, context, open, context.former),
    remove: (_settings, entry, context) => (isByCassy(entry) ? removeBackup(entry) : clearOfBackup(entry, context)),
  }
}

export const cassandra = cassandraKind(openCql)
