// Room: every database that no other kind knows, backed up and restored by the administrator's own tool.
// Read other-database, source, destination; job/exec/ runs the tool.

import { engineOf } from '../../../operation/databases/engines.ts'
import { otherDatabase as known } from '../../../operation/databases/other-database.ts'
import type { DatabaseKind } from '../database.ts'
import { RestoredByTool, ToolDestination } from './destination.ts'
import { ToolSource } from './source.ts'

/**
 * One command serves all such storages of the releases, whatever they are: they are one place. A snapshot that somebody
 * else's tool takes is consistent in a pause alone.
 */
export const otherDatabase: DatabaseKind = {
  name: known.name,
  capabilities: { consistentAlone: false, keepsItsOwnBackups: known.keepsItsOwnBackups, restoreEndsIn: 'switch' },
  recognise: (settings, { managed }) => managed === undefined && engineOf(settings) !== undefined,
  locate: async (settings) => [{ settings: [...settings] }],
  openBackup: (settings, context) => new ToolSource(settings, context),
  openRestore: (_settings, entry, context) => new ToolDestination(entry, context),
  openUndo: (_settings, entry) => new RestoredByTool(entry),
}
