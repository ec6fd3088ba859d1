import { isDeepStrictEqual } from 'node:util'
import { Failure } from '../../operation/failure.ts'
import { formatLocation, joinLocation, parseLocation, splitLocation, type Location } from '../../operation/location.ts'
import { operationName } from '../../operation/names.ts'
import { parseRecord, type BackupPart, type OperationRecord } from '../../operation/record.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { verifyRecord, withBackup } from '../context/signing.ts'
import { openStorage } from '../storage/open.ts'
import { readText } from '../storage/text.ts'
import { recordFile } from './backup/backup-record.ts'

/**
 * Imports the record beside a dump into this namespace, so that the backup can be restored here.
 * @throws Failure where there is none, or where another backup of that name is known here.
 */
export async function importBackup(context: OperationContext<'import'>): Promise<void> {
  const location = parseLocation(context.request.from)
  const { parent, name } = splitLocation(location)
  const source = formatLocation(joinLocation(location, recordFile))
  const json = await readText(openStorage(parent), `${name}/${recordFile}`)
  if (json === undefined) {
    throw new Failure({
      what: `no backup at ${formatLocation(location)}`,
      why: `there is no ${recordFile} in it: no backup, or one that was never completed`,
      next: 'give the folder of one backup: pvc://CLAIM/path/NAME or s3://BUCKET/path/NAME',
    })
  }
  await writeImported(context, parseRecord(json, source), { source, location })
}

/** Writes the record that was found at a location. @throws Failure where that is not to be done */
export async function writeImported(
  context: OperationContext<'import'>,
  record: OperationRecord,
  at: { source: string; location: Location },
): Promise<void> {
  verifyRecord(context, record, context.request.trust)
  const known = await context.cluster.findRecord(record.operation)
  const found = imported(record, known, { ...at, namespace: context.cluster.namespace })
  await context.cluster.writeRecord(vouchedFor(context, found, record))
  context.events.say('note', `imported ${record.operation}, restore point ${found.backup?.restorePoint ?? 'unknown'}`, {
    data: { operation: record.operation },
  })
}

/**
 * What was found, signed anew where it lies at another place than the one that was signed: the administrator has named
 * it. Whatever else differs from what was verified has nobody's word.
 */
function vouchedFor(
  { request, signing }: OperationContext<'import'>,
  found: OperationRecord & { backup: BackupPart },
  { backup: verified }: OperationRecord,
): OperationRecord {
  const { signature: _, ...backup } = found.backup
  const signature = verified?.signature && { signature: verified.signature }
  const { location: _here, ...placeless } = backup
  const signed = { ...placeless, ...signature, ...(verified?.location && { location: verified.location }) }
  return withBackup({ ...found, backup: signed }, { ...backup, ...signature }, signing, request.trust)
}

/**
 * The record as it is written here. The volume may be called otherwise in this cluster; where it was found is where it
 * is. Of a backup that is known nothing else changes: what lies on a volume does not overrule what the cluster knows.
 * @param known what is recorded under its name
 * @throws Failure for what is no backup of the folder's name, and where another is known here
 */
export function imported(
  record: OperationRecord,
  known: OperationRecord | undefined,
  { source, location, namespace }: { source: string; location: Location; namespace: string },
): OperationRecord & { backup: BackupPart } {
  const { backup, operation } = record
  const { name } = splitLocation(location)
  if (backup === undefined || record.kind !== 'backup')
    throw new Failure({
      what: `${source} is not a backup`,
      why: `it is the record of a ${record.kind}`,
      next: 'give the folder of one backup',
    })
  if (backup.name !== name || operation !== operationName('backup', name))
    throw new Failure({
      what: `${source} is not imported`,
      why: `it is the record of ${operation}, a backup named ${backup.name}, and lies in the folder of ${name}`,
      next: 'check who may write to the storage; a backup is kept in a folder of its own name',
    })
  const here = formatLocation(location)
  // Where else it lies this cluster has not seen.
  const { copies: _, ...alone } = backup
  if (known === undefined) return { ...record, namespace, backup: { ...alone, location: here } }
  if (known.backup !== undefined && known.createdAt === record.createdAt && isSamePoint(known.backup, backup))
    return { ...known, backup: { ...known.backup, ...placesOf(known.backup, here) } }
  throw new Failure({
    what: `${operation} cannot be imported`,
    why: `another backup of that name, made ${known.createdAt}, is known in namespace ${namespace}`,
    next:
      `remove that one's record (kubectl scalardl delete backup ${name} --keep-data) ` +
      'or import into another namespace',
  })
}

/** Where a known backup lies, seen from one of its folders: from that of a copy, the former place is the copy. */
function placesOf({ location, copies = [] }: BackupPart, here: string): Pick<BackupPart, 'location' | 'copies'> {
  if (location === undefined || !copies.includes(here)) return { location: here }
  return { location: here, copies: [location, ...copies.filter((copy) => copy !== here)] }
}

/** Whether two records tell of the same data; what became of it since, and where it lies, aside. */
function isSamePoint(one: BackupPart, other: BackupPart): boolean {
  const [known, found] = [one, other].map(({ restorePoint, databases }) => ({
    restorePoint,
    databases: databases.map((entry) => ({ ...entry, standing: undefined })),
  }))
  return isDeepStrictEqual(known, found)
}
