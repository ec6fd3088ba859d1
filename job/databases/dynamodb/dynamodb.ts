// Room: DynamoDB: the service keeps the past, the pause proves a second of it.
// Read dynamodb, access, details, then tables/, settings/, scalardb/, backup/, restore/.

import type { DatabaseKind } from '../database.ts'
import { kindName } from './details.ts'
import { materialsOf } from './backup/materials.ts'
import { removeBackup } from './backup/remove-backup.ts'
import { openRestore } from './restore/open-restore.ts'
import { DynamodbSource } from './backup/source.ts'
import { locate } from './locate.ts'

/** Amazon DynamoDB, by the past that it keeps of every table. */
export const dynamodb: DatabaseKind = {
  name: kindName,
  capabilities: { consistentAlone: false, keepsItsOwnBackups: true, restoreEndsIn: 'repoint' },
  recognise: ({ kind }) => kind === 'dynamo',
  locate,
  openBackup: (settings, context) => new DynamodbSource(settings, context),
  openRestore,
  openUndo: openRestore,
  openMaterials: materialsOf,
  remove: removeBackup,
}
