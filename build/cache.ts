import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/**
 * The folder for everything that is built, downloaded or run, outside the repository: KUBECTL_SCALARDL_CACHE,
 * else kubectl-scalardl in XDG_CACHE_HOME, else in ~/.cache.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment['KUBECTL_SCALARDL_CACHE']
  if (own) return resolve(own)
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kubectl-scalardl')
}
