import type { OperationRequest } from '../../../../operation/request.ts'
import { programVersion } from '../../../../operation/version.ts'

const withDatabase = new Set<OperationRequest['kind']>(['backup', 'restore', 'undo', 'drop', 'doctor'])

/**
 * The worker's image of this version. The one with database tools is larger, and used only for databases that need
 * them.
 * @param storages kinds of storage of the releases; undefined where they cannot be known, which may mean any
 */
export function defaultImage(kind: OperationRequest['kind'], storages: readonly string[] | undefined): string {
  const needsTools = withDatabase.has(kind) && (storages === undefined || storages.includes('jdbc'))
  return `ghcr.io/kubectl-scalardl/${needsTools ? 'worker-sql' : 'worker'}:${programVersion}`
}
