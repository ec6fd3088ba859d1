// Room: Azure's flexible servers of PostgreSQL and MySQL: the service keeps their past, the pause proves a second of
// it.
// Read service (what the two differ in), flexible-servers, access, details, then servers/, backup/, restore/.

import type { DatabaseBackup } from '../../../operation/record.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import type { DatabaseKind } from '../database.ts'
import type { WorkContext } from '../point-in-time/work-context.ts'
import { namesOfServer } from './access.ts'
import { openSource } from './backup/source.ts'
import { openRestore } from './restore/destination.ts'
import type { FlexibleService } from './service.ts'

/** Flexible servers of one service, by the past that it keeps of them. */
export function flexibleServers(service: FlexibleService): DatabaseKind {
  const open = (settings: StorageSettings[], entry: DatabaseBackup, context: WorkContext) =>
    openRestore(service, settings, entry, context)
  return {
    name: service.name,
    capabilities: { consistentAlone: true, keepsItsOwnBackups: true, restoreEndsIn: 'repoint' },
    pointedBy: [{ property: 'contact_points', secrecy: 'open' }],
    recognise: (settings, { managed }) =>
      managed === service.name && settings.kind === 'jdbc' && service.isDriver(settings),
    async locate(settings, signal) {
      // Names of servers are unique in all of Azure, and every alias ends at one.
      const located = await Promise.all(
        settings.map(async (one) => ({ one, name: (await namesOfServer(service, one, signal)).at(-1) })),
      )
      return [...Map.groupBy(located, ({ name }) => name).values()].map((same) => ({
        settings: same.map(({ one }) => one),
      }))
    },
    openBackup: (settings, context) => openSource(service, settings, context),
    openRestore: open,
    openUndo: open,
  }
}
