// Room: what a request can ask for, one file or folder each; each reads as its runbook.
// Read run, then the operation in question.

import type { OperationRequest } from '../../operation/request.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { backup } from './backup/backup.ts'
import { deleteBackup } from './delete.ts'
import { doctor } from './doctor.ts'
import { drop } from './restore/drop.ts'
import { importBackup } from './import.ts'
import { materializeBackup } from './materialize.ts'
import { pause } from './pause.ts'
import { restore } from './restore/restore.ts'
import { undo } from './restore/undo.ts'
import { unpause } from './unpause.ts'

type OperationTools = Omit<OperationContext<OperationRequest['kind']>, 'request'>

/** Does what a request asks for. */
export function run(request: OperationRequest, surroundings: OperationTools): Promise<void> {
  switch (request.kind) {
    case 'backup':
      return backup({ ...surroundings, request })
    case 'restore':
      return restore({ ...surroundings, request })
    case 'undo':
      return undo({ ...surroundings, request })
    case 'drop':
      return drop({ ...surroundings, request })
    case 'pause':
      return pause({ ...surroundings, request })
    case 'unpause':
      return unpause({ ...surroundings, request })
    case 'doctor':
      return doctor({ ...surroundings, request })
    case 'import':
      return importBackup({ ...surroundings, request })
    case 'materialize':
      return materializeBackup({ ...surroundings, request })
    case 'delete':
      return deleteBackup({ ...surroundings, request })
  }
}
