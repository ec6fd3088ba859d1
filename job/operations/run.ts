// Room: what a request can ask for, one file or folder each; each reads as its runbook.
// Read run, then the operation in question.

import type { OperationRequest } from '../../operation/request.ts'
import type { OperationContext } from '../context/operation-context.ts'

type OperationTools = Omit<OperationContext<OperationRequest['kind']>, 'request'>

/**
 * Does what a request asks for. Only that operation is loaded: a pause waits for no database's driver and no cloud's
 * SDK, and has no room for them.
 */
export async function run(request: OperationRequest, surroundings: OperationTools): Promise<void> {
  switch (request.kind) {
    case 'backup':
      return (await import('./backup/backup.ts')).backup({ ...surroundings, request })
    case 'restore':
      return (await import('./restore/restore.ts')).restore({ ...surroundings, request })
    case 'undo':
      return (await import('./restore/undo.ts')).undo({ ...surroundings, request })
    case 'drop':
      return (await import('./restore/drop.ts')).drop({ ...surroundings, request })
    case 'resume':
      return (await import('./restore/resume.ts')).resume({ ...surroundings, request })
    case 'pause':
      return (await import('./pause.ts')).pause({ ...surroundings, request })
    case 'unpause':
      return (await import('./unpause.ts')).unpause({ ...surroundings, request })
    case 'doctor':
      return (await import('./doctor.ts')).doctor({ ...surroundings, request })
    case 'import':
      return (await import('./import.ts')).importBackup({ ...surroundings, request })
    case 'copy':
      return (await import('./backup/copy.ts')).copyBackup({ ...surroundings, request })
    case 'list':
      return (await import('./backup/list.ts')).listBackups({ ...surroundings, request })
    case 'materialize':
      return (await import('./materialize.ts')).materializeBackup({ ...surroundings, request })
    case 'delete':
      return (await import('./delete.ts')).deleteBackup({ ...surroundings, request })
  }
}
