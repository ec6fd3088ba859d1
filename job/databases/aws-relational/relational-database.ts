import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import type { DatabaseKind } from '../database.ts'
import { oneServerOf } from '../managed-server/server.ts'
import { mayBeRelational } from './access.ts'
import { openSource } from './backup/source.ts'
import { findOnce, leadOf } from './lead.ts'
import { rdsFailure } from './rds-failure.ts'
import type { Kept, RelationalKind } from './relational-kind.ts'
import { openRestore } from './restore/destination.ts'

/** How long AWS may be out of reach, ms; somebody waits to be told, and nothing is paused yet. */
const patienceMs = 8_000

/** A kind of database, by what is of its own. */
export function relationalDatabase<One extends Kept, Settings>(kind: RelationalKind<One, Settings>): DatabaseKind {
  return {
    name: kind.name,
    capabilities: { consistentAlone: true, keepsItsOwnBackups: true, restoreEndsIn: 'repoint' },
    pointedBy: [{ property: 'contact_points', secrecy: 'open' }],
    recognise: (settings, { managed }) => managed === kind.name && mayBeRelational(settings),
    async locate(settings, signal) {
      const located = await Promise.all(settings.map(async (one) => ({ one, id: await resourceOf(kind, one, signal) })))
      return [...Map.groupBy(located, ({ id }) => id).values()].map((same) => ({
        settings: same.map(({ one }) => one),
      }))
    },
    openBackup: (settings, context) => openSource(kind, settings, context),
    openRestore: (settings, entry, context) => openRestore(kind, settings, entry, context),
    openUndo: (settings, entry, context) => openRestore(kind, settings, entry, context),
  }
}

/**
 * The very one that a storage is on, whichever of its names the storage says; where none is there any more, as before a
 * restore of one that was deleted, the server that the storage names.
 */
async function resourceOf<One extends Kept, Settings>(
  kind: RelationalKind<One, Settings>,
  settings: StorageSettings,
  signal: AbortSignal,
): Promise<string> {
  const { host, port } = oneServerOf(settings, kind.service)
  try {
    const found = await findOnce(kind, await leadOf(kind, settings, signal), patienceMs, signal)
    return found?.resourceId ?? `${host}:${port}`
  } catch (error) {
    signal.throwIfAborted()
    throw rdsFailure(`where storage "${settings.storage}" is, is not known`, error)
  }
}
