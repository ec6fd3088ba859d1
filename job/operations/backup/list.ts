import { Failure } from '../../../operation/failure.ts'
import { formatLocation, joinLocation, parseLocation, pathAt } from '../../../operation/location.ts'
import { parseRecord, type OperationRecord } from '../../../operation/record.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { openStorage } from '../../storage/open.ts'
import type { Storage } from '../../storage/storage.ts'
import { readText } from '../../storage/text.ts'
import { recordFile } from './backup-record.ts'
import { imported } from '../import.ts'

/** As many as fit into a record; older ones are counted. */
const mostFound = 500

/**
 * Looks which backups a storage holds, by the records beside their data, and records what it found. What lies there
 * and is no backup is told of and left out.
 */
export async function listBackups(context: OperationContext<'list'>): Promise<void> {
  const { events, record, request, signal } = context
  const location = parseLocation(request.from)
  const storage = openStorage(location)
  const found: OperationRecord[] = []
  let left = 0
  await context.phase('list', async () => {
    for await (const { path } of storage.list('')) {
      signal.throwIfAborted()
      const [name = '', file, ...below] = path.split('/')
      if (file !== recordFile || below.length > 0) continue
      const one = await recordOf(storage, name).catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error
        events.say('note', `${error.what}: ${error.why}`, { level: 'warning' })
      })
      if (one === undefined) continue
      found.push(one)
      found.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
      if (found.length <= mostFound) continue
      found.shift()
      left += 1
    }
  })
  if (left > 0) events.say('note', `${left} older ones are left out`, { level: 'warning' })
  await record.update((current) => {
    current.found = found
  })
  events.say('note', `${found.length} backups at ${formatLocation(location)}`)
}

/** The record of a backup in a storage, as an import would write it. @throws Failure where it is none */
async function recordOf(storage: Storage, name: string): Promise<OperationRecord> {
  const path = `${name}/${recordFile}`
  const source = pathAt(storage.title, path)
  // A name that no location can have is none of ours.
  const location = parseLocation(formatLocation(joinLocation(parseLocation(storage.title), name)))
  const read = parseRecord((await readText(storage, path)) ?? '', source)
  const whole = imported(read, undefined, { source, location, namespace: read.namespace })
  if (whole.backup === undefined) return whole
  // What is left out was signed too; an import verifies it.
  const { signature: _, ...described } = whole.backup
  const databases = described.databases.map((entry) => ({ ...entry, tables: [], details: {} }))
  return { ...whole, backup: { ...described, databases }, phases: [], windows: [], findings: [] }
}
