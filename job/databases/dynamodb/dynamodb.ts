import type { DatabaseKind } from '../database.ts'
import { kindName } from './details.ts'
import { removeBackup } from './backup/remove-backup.ts'
import { openRestore } from './restore/open-restore.ts'
import { DynamodbSource } from './backup/source.ts'
import { namingOf } from './tables/table-names.ts'

/** Amazon DynamoDB, by the past that it keeps of every table. */
export const dynamodb: DatabaseKind = {
  name: kindName,
  handles: (settings) => settings.kind === 'dynamo',
  // Credentials are not looked at: storages of one place are one database, whoever reaches it.
  identity: (settings) =>
    `${settings.property('dynamo.endpoint_override') ?? ''} ${settings.contactPoints} ${namingOf(settings).prefix}`,
  switchedByProperties: true,
  transactional: false,
  needsStorage: false,
  backup: (settings, context) => new DynamodbSource(settings, context),
  restore: openRestore,
  remove: removeBackup,
}
