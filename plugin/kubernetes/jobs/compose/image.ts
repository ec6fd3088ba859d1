import type { OperationRequest } from '../../../../operation/request.ts'
import { programVersion } from '../../../../operation/version.ts'

const withDatabase = new Set<OperationRequest['kind']>(['backup', 'restore', 'undo', 'drop', 'resume', 'doctor'])
const registry = 'ghcr.io'

/** The worker's image of this version: the one that is enough for some databases, or the one with database tools. */
function imageNamed(name: 'worker' | 'worker-sql', mirror: string | undefined): string {
  return `${mirror?.replace(/\/+$/, '') ?? registry}/kubectl-scalardl/${name}:${programVersion}`
}

/**
 * The worker's image of this version. The one with database tools is larger, and used only for databases that need
 * them.
 * @param storages kinds of storage of the releases; undefined where they cannot be known, which may mean any
 * @param mirror the registry, with a path or without one, that has copies of the published images
 */
export function defaultImage(
  kind: OperationRequest['kind'],
  storages: readonly string[] | undefined,
  mirror?: string,
): string {
  const needsTools = withDatabase.has(kind) && (storages === undefined || storages.includes('jdbc'))
  return imageNamed(needsTools ? 'worker-sql' : 'worker', mirror)
}

/** Every image that an operation of this version may run. */
export function allImages(mirror?: string): string[] {
  return [imageNamed('worker', mirror), imageNamed('worker-sql', mirror)]
}
