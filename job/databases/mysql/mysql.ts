// Room: MySQL and MariaDB: one snapshot in several sessions, which stream its tables.
// Read mysql, access, connect, session, then backup/ and restore/.

import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import type { DatabaseKind } from '../database.ts'
import { DumpDestination } from '../dump/destination.ts'
import { RestoredDump } from '../dump/restored.ts'
import { accessOf } from './access.ts'
import { kindName, MysqlSource } from './backup/source.ts'
import { MysqlLoadTarget } from './restore/load-target.ts'
import { MysqlTarget } from './restore/target.ts'

/** MySQL and MariaDB by their own protocol, through any `jdbc:mysql:` or `jdbc:mariadb:` URL. */
export const mysql: DatabaseKind = {
  name: kindName,
  capabilities: { consistentAlone: true, keepsItsOwnBackups: false, restoreEndsIn: 'switch' },
  recognise: ({ kind, contactPoints }, { managed }) =>
    managed === undefined && kind === 'jdbc' && /^jdbc:(mysql|mariadb):/.test(contactPoints),
  locate: async (settings) => [...Map.groupBy(settings, identityOf).values()].map((own) => ({ settings: own })),
  openBackup: (settings, context) => new MysqlSource(settings, context),
  openRestore: (settings, entry, context) =>
    new DumpDestination(new MysqlLoadTarget(settings, entry, context), context),
  openUndo: (settings, entry, context) =>
    new RestoredDump(new MysqlTarget(settings, entry, context), context.operation),
}

/** The servers, in whatever order and spelling two releases name them; a schema is a namespace of ScalarDB. */
function identityOf(settings: StorageSettings): string {
  return accessOf([settings])
    .hosts.map(({ host, port }) => `${host.toLowerCase()}:${port}`)
    .sort()
    .join(',')
}
