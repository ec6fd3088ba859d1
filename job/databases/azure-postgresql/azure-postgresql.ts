// Room: Azure Database for PostgreSQL: the service keeps a flexible server's past, the pause proves a second of it.
// Read azure-postgresql, access, details, rights-needed, server-failure, then servers/, backup/, restore/.

import type { DatabaseKind } from '../database.ts'
import { isPostgresql } from '../managed-server/server.ts'
import { namesOfServer } from './access.ts'
import { FlexibleServerSource } from './backup/source.ts'
import { kindName } from './details.ts'
import { openRestore } from './restore/destination.ts'

/** Flexible servers of Azure Database for PostgreSQL, by the past that the service keeps of them. */
export const azurePostgresql: DatabaseKind = {
  name: kindName,
  capabilities: { consistentAlone: true, keepsItsOwnBackups: true, restoreEndsIn: 'repoint' },
  pointedBy: [{ property: 'contact_points', secrecy: 'open' }],
  recognise: (settings, { managed }) => managed === kindName && settings.kind === 'jdbc' && isPostgresql(settings),
  async locate(settings, signal) {
    // Names of servers are unique in all of Azure, and every alias ends at one.
    const located = await Promise.all(
      settings.map(async (one) => ({ one, name: (await namesOfServer(one, signal)).at(-1) })),
    )
    return [...Map.groupBy(located, ({ name }) => name).values()].map((same) => ({
      settings: same.map(({ one }) => one),
    }))
  },
  openBackup: (settings, context) => new FlexibleServerSource(settings, context),
  openRestore,
  openUndo: openRestore,
}
