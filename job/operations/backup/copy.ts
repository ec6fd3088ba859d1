import { Failure } from '../../../operation/failure.ts'
import { parseLocation, pathAt, splitLocation } from '../../../operation/location.ts'
import type { BackupPart, DatabaseBackup, OperationRecord } from '../../../operation/record.ts'
import { mounts } from '../../../operation/request.ts'
import { isHandedOn } from '../../context/handed-on.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { verifyRecord } from '../../context/signing.ts'
import { manifestFile, readManifest, sealOf, type Manifest, type ManifestSeal } from '../../databases/dump/manifest.ts'
import { tellProgress } from '../../databases/dump/progress.ts'
import { readVerified } from '../../databases/dump/read-verified.ts'
import { shareOut } from '../../databases/dump/share-out.ts'
import { verifyDump } from '../../databases/dump/verify.ts'
import { limited } from '../../storage/limited.ts'
import { openStorage } from '../../storage/open.ts'
import type { Storage } from '../../storage/storage.ts'
import { unlessTaken } from '../../storage/taken.ts'
import { readText, writeText } from '../../storage/text.ts'
import { claimFolder, recordFile } from './backup-record.ts'
import { concludePreflight } from '../conclude-preflight.ts'
import { tidyUp } from '../tidy-up.ts'

type Context = OperationContext<'copy'>

/** Files that are copied at once; each takes as much memory as a table of a backup does. */
const atOnce = 4

/** One database's dump that is copied. */
interface Dump {
  title: string
  folder: string
  seal: Pick<ManifestSeal, 'sha256'>
  manifest: Manifest
}

/**
 * Copies a backup's folder into another storage: every file is hashed as it is read, the copy is read back and
 * verified, and its record is written last. The backup's own record then tells of the copy.
 * @throws Failure where the backup is not restorable, or nobody trusted vouches for it; where another backup of its
 * name is there; where what is read is not what was backed up
 */
export async function copyBackup(context: Context): Promise<void> {
  const { cluster, events, request, signal } = context
  const record = await cluster.readRecord(request.backup)
  const backup = copyable(record, request.from)
  verifyRecord(context, record, request.trust)
  const { parent, name } = splitLocation(parseLocation(request.from))
  const from = limited(openStorage(parent), request.bytesPerSecond)
  const to = openStorage(parseLocation(request.to), mounts.targetVolume)
  const bytes = backup.databases.reduce((sum, entry) => sum + (entry.bytes ?? 0), 0)
  const dumps = await context.phase('preflight', async () => {
    await concludePreflight(context, `the copy of ${name}`, await to.preflight(bytes, request.operation))
    return await dumpsOf(from, backup)
  })
  const { operation, createdAt } = record
  await claimFolder(context, to, name, { operation, createdAt, copiedBy: request.operation })
  try {
    await to.removeUnfinished(name)
    await context.phase('copy', () => copyFiles(context, from, to, dumps))
    // Nor does an upload stay that was begun twice, since the first answer was lost.
    await to.removeUnfinished(name)
    await context.phase('verify', async () => {
      for (const { folder, title, seal } of dumps) await verifyDump(to, folder, title, seal, signal)
    })
    const path = `${name}/${recordFile}`
    const location = pathAt(request.to, name)
    const { copies: _, ...alone } = backup
    // As it was signed, with its first place; an import says where it lies.
    const copied: OperationRecord = { ...record, backup: alone }
    await context.phase('publish', () => unlessTaken(writeText(to, path, textOf(copied), signal)))
    const current = await cluster.readRecord(request.backup)
    const copies = [...new Set([...(current.backup?.copies ?? []), location])]
    await cluster.writeRecord({ ...current, backup: { ...(current.backup ?? backup), copies } })
    events.say('note', `copied to ${location}`)
  } catch (error) {
    // A worker that is stopped may be started again and go on.
    if (!(await isHandedOn(context))) await tidyUp(context, [to.delete(name)])
    throw error
  }
}

/** The part of a record that is copied. @throws Failure */
function copyable({ operation, backup }: OperationRecord, location: string): BackupPart {
  const refuse = (why: string, next: string) => new Failure({ what: `${operation} is not copied`, why, next })
  if (backup?.state !== 'restorable')
    throw refuse(`it is ${backup?.state ?? 'no backup'}`, 'choose a restorable one from `kubectl scalardl get backups`')
  if (backup.location !== location)
    throw refuse(
      `its record says that its data is at ${backup.location ?? 'no place'}, and not at ${location} as it did before`,
      'look who changed the record, then run the command again',
    )
  return backup
}

async function dumpsOf(from: Storage, { databases }: BackupPart): Promise<Dump[]> {
  const dumped = async (entry: DatabaseBackup): Promise<Dump[]> => {
    const { folder, title } = entry
    const seal = sealOf(entry)
    if (folder === undefined || seal === undefined) return []
    return [{ title, folder, seal, manifest: await readManifest(from, folder, title, seal) }]
  }
  return (await Promise.all(databases.map(dumped))).flat()
}

/** Copies the largest files first, and the manifests last. */
async function copyFiles(
  { events, request, signal }: Context,
  from: Storage,
  to: Storage,
  dumps: readonly Dump[],
): Promise<void> {
  const files = dumps.flatMap((dump) => dump.manifest.files.map((file) => ({ ...dump, file })))
  const largestFirst = files.toSorted((one, other) => other.file.bytes - one.file.bytes)
  const total = files.reduce((sum, { file }) => sum + file.bytes, 0)
  let done = 0
  const stop = tellProgress(events, request.to, total, async () => done)
  try {
    await shareOut(largestFirst, { workers: atOnce, signal }, async (waiting, signal) => {
      for (const { folder, title, file } of waiting) {
        const content = await readVerified({ storage: from, folder, title }, file)
        await unlessTaken(to.write(`${folder}/${file.path}`, content, signal))
        done += file.bytes
      }
    })
  } finally {
    stop()
  }
  for (const { folder } of dumps) {
    const path = `${folder}/${manifestFile}`
    await unlessTaken(writeText(to, path, (await readText(from, path)) ?? '', signal))
  }
}

function textOf(record: OperationRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`
}
