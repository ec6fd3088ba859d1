import { Failure } from '../../operation/failure.ts'
import type { Storage } from './storage.ts'

/**
 * In place of a storage where every database keeps its backups itself: nothing is written, and whoever reads is told
 * why not.
 */
export function noStorage(): Storage {
  const refuse = async (): Promise<never> => {
    throw new Failure({
      what: 'there is no storage',
      why: 'none was given, and a database needs one',
      next: 'say where the dumps go: --to pvc://CLAIM/path or s3://BUCKET/path',
    })
  }
  return {
    title: 'no storage',
    preflight: async () => [],
    write: refuse,
    replace: refuse,
    read: async () => undefined,
    list: async function* () {},
    removeUnfinished: async () => undefined,
    delete: async () => undefined,
  }
}
