// Room: PostgreSQL: one exported snapshot a database, dumped by pg_dump.
// Read postgresql, access, connect, then backup/ and restore/.

import { isCockroach } from '../../../operation/databases/engines.ts'
import type { DatabaseKind } from '../database.ts'
import { DumpDestination } from '../dump/destination.ts'
import { RestoredDump } from '../dump/restored.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { accessOf } from './access.ts'
import { PostgresqlLoadTarget } from './restore/load-target.ts'
import { PostgresqlTarget } from './restore/target.ts'
import { kindName, PostgresqlSource } from './backup/source.ts'

/** PostgreSQL by its own tools, through any `jdbc:postgresql:` URL. */
export const postgresql: DatabaseKind = {
  name: kindName,
  capabilities: { consistentAlone: true, keepsItsOwnBackups: false, restoreEndsIn: 'switch' },
  recognise: ({ kind, contactPoints }, { managed }) =>
    managed === undefined &&
    kind === 'jdbc' &&
    contactPoints.startsWith('jdbc:postgresql:') &&
    !isCockroach(contactPoints),
  locate: async (settings) => [...Map.groupBy(settings, identityOf).values()].map((own) => ({ settings: own })),
  openBackup: (settings, context) => new PostgresqlSource(settings, context),
  openRestore: (settings, entry, context) =>
    new DumpDestination(new PostgresqlLoadTarget(settings, entry, context), context),
  openUndo: (settings, entry, context) =>
    new RestoredDump(new PostgresqlTarget(settings, entry, context), context.operation),
}

/** Servers and database, in whatever order and spelling two releases name the servers. */
function identityOf(settings: StorageSettings): string {
  const { hosts, database } = accessOf([settings])
  return `${hosts
    .map(({ host, port }) => `${host.toLowerCase()}:${port}`)
    .sort()
    .join(',')}/${database}`
}
