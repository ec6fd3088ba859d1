import { join } from 'node:path'
import { cacheFolder } from './cache.ts'
import { run } from './processes.ts'
import { findProgram } from './requirements.ts'

/** Runs buildah on a store of its own, so that nothing of it stays outside the cache. */
export async function buildah(args: string[], options: { timeoutMs?: number } = {}): Promise<string> {
  const store = join(cacheFolder(), 'buildah')
  const where = ['--root', store, '--runroot', join(store, 'run'), '--storage-driver', 'overlay']
  return run(findProgram('buildah') ?? 'buildah', [...where, ...args], { timeoutMs: 600_000, ...options })
}
