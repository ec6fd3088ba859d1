// Room: Azure Cosmos DB for NoSQL: the service keeps an account's past, the pause proves a second of it.
// Read cosmos, access, details, then account/, backup/, restore/.

import type { DatabaseKind } from '../database.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { endpointOf } from './access.ts'
import { openSource } from './backup/source.ts'
import { kindName } from './details.ts'
import { endpointProperty, keyProperty } from './restore/account-repointing.ts'
import { openRestore } from './restore/destination.ts'

/** Azure Cosmos DB for NoSQL, by the past that it keeps of an account. */
export const cosmos: DatabaseKind = {
  name: kindName,
  capabilities: { consistentAlone: false, keepsItsOwnBackups: true, restoreEndsIn: 'repoint' },
  pointedBy: [
    { property: endpointProperty, secrecy: 'open' },
    { property: keyProperty, secrecy: 'secret' },
  ],
  recognise: ({ kind }) => kind === 'cosmos',
  locate: async (settings) =>
    [...Map.groupBy(settings, (one: StorageSettings) => endpointOf(one)).values()].map((same) => ({ settings: same })),
  openBackup: (settings, context) => openSource(settings, context),
  openRestore,
  openUndo: openRestore,
}
