// Room: Amazon RDS: the service keeps an instance's past, the pause proves a second of it.
// Read rds, access, details, client, then instances/, backup/, restore/.

import type { DatabaseKind } from '../database.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { mayBeInstance, serverOf } from './access.ts'
import { RdsSource } from './backup/source.ts'
import { kindName } from './details.ts'
import { findOnce, leadOf } from './instances/find-instance.ts'
import { rdsFailure } from './rds-failure.ts'
import { openRestore } from './restore/destination.ts'

/** How long AWS may be out of reach, ms; somebody waits to be told, and nothing is paused yet. */
const patienceMs = 8_000

/** DB instances of Amazon RDS with PostgreSQL, MySQL or MariaDB, by the past that the service keeps of them. */
export const rds: DatabaseKind = {
  name: kindName,
  capabilities: { consistentAlone: true, keepsItsOwnBackups: true, restoreEndsIn: 'repoint' },
  pointedBy: [{ property: 'contact_points', secrecy: 'open' }],
  recognise: (settings, { managed }) => managed === kindName && mayBeInstance(settings),
  async locate(settings, signal) {
    const located = await Promise.all(settings.map(async (one) => ({ one, id: await resourceOf(one, signal) })))
    return [...Map.groupBy(located, ({ id }) => id).values()].map((same) => ({ settings: same.map(({ one }) => one) }))
  },
  openBackup: (settings, context) => new RdsSource(settings, context),
  openRestore,
  openUndo: openRestore,
}

/**
 * The very instance that a storage is on, whichever of its names the storage says; where none is there any more, as
 * before a restore of one that was deleted, the server that the storage names.
 */
async function resourceOf(settings: StorageSettings, signal: AbortSignal): Promise<string> {
  const { host, port } = serverOf(settings)
  try {
    const found = await findOnce(await leadOf(settings, signal), patienceMs, signal)
    return found?.instance.DbiResourceId ?? `${host}:${port}`
  } catch (error) {
    signal.throwIfAborted()
    throw rdsFailure(`where storage "${settings.storage}" is, is not known`, error)
  }
}
