import { Readable } from 'node:stream'
import { Failure } from '../../../operation/failure.ts'
import type { Finding } from '../../../operation/finding.ts'
import { probeFolder } from '../probe-folder.ts'
import type { Storage } from '../storage.ts'
import { Taken } from '../taken.ts'
import { readText } from '../text.ts'

/**
 * Whether an object store takes, gives back, lists, keeps from being written over, and removes; what it makes for the
 * trial it removes.
 * @param storage one that gives up soon
 */
export async function probeStore(
  storage: Pick<Storage, 'title' | 'write' | 'read' | 'list' | 'delete'>,
  operation: string,
): Promise<Finding[]> {
  const check = { check: 'storage', subject: storage.title }
  const folder = probeFolder(operation)
  const { signal } = new AbortController()
  const write = () => storage.write(`${folder}/probe`, Readable.from([Buffer.from('probe')]), signal)
  let failure: unknown
  try {
    await storage.delete(folder)
    await write()
    const again = await write().catch((error: unknown) => error)
    if (!(again instanceof Error)) throw overwrites(storage.title)
    if (!(again instanceof Taken)) throw again
    const seen: string[] = []
    for await (const { path } of storage.list(folder)) seen.push(path)
    if ((await readText(storage, `${folder}/probe`)) !== 'probe' || seen.length !== 1) throw forgets(storage.title)
  } catch (error) {
    failure = error
  }
  try {
    await storage.delete(folder)
  } catch (error) {
    failure ??= error
  }
  if (failure === undefined) return [{ ...check, outcome: 'ok', message: 'writable' }]
  if (!(failure instanceof Failure)) throw failure
  return [{ ...check, outcome: 'error', message: `${failure.what}: ${failure.why}`, cure: failure.next }]
}

function overwrites(title: string): Failure {
  return new Failure({
    what: `${title}: not safe for backups`,
    why: 'the storage writes over what is there although it is told not to (If-None-Match)',
    next: 'use a storage, or a newer version of it, that knows conditional writes',
  })
}

function forgets(title: string): Failure {
  return new Failure({
    what: `${title}: not safe for backups`,
    why: 'the storage does not give back at once what was written to it',
    next: 'use a storage that shows what was written as soon as it has accepted it',
  })
}
