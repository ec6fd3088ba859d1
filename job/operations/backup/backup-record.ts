import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { parseRecord, type BackupPart, type OperationRecord } from '../../../operation/record.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import type { OpenStorage } from '../../storage/open.ts'
import type { Storage } from '../../storage/storage.ts'
import { readText, replaceText } from '../../storage/text.ts'

/** The record kept beside the dumps, by which a later cluster can restore them. */
export const recordFile = 'record.json'

/** `backup-NAME` without the kind: the user's name for it, and its folder in the storage. */
export function backupName(context: OperationContext<'backup'>): string {
  return context.request.operation.replace(/^backup-/, '')
}

/** Adds to the backup's part of the record. */
export async function describeBackup(context: OperationContext<'backup'>, said: Partial<BackupPart>): Promise<void> {
  await context.record.update((record) => {
    record.backup = { ...(record.backup ?? { name: backupName(context), state: 'incomplete', databases: [] }), ...said }
  })
}

/** Writes the record beside the dumps, as it will be when the operation is done. */
export async function publishRecord(context: OperationContext<'backup'>, storage: Storage): Promise<void> {
  const done: OperationRecord = {
    ...structuredClone(context.record.current),
    state: 'succeeded',
    exitCode: ExitCode.done,
    finishedAt: new Date().toISOString(),
  }
  const path = `${backupName(context)}/${recordFile}`
  await replaceText(storage, path, `${JSON.stringify(done, null, 2)}\n`, context.signal)
}

/**
 * Claims the backup's folder. A folder without a record that no worker of ours has claimed belongs to another backup,
 * unfinished or under way. A backup that gives up removes its folder, so it must never take such a one.
 */
async function claimFolder({ journal, request }: OperationContext<'backup'>, storage: OpenStorage): Promise<void> {
  const name = request.operation.replace(/^backup-/, '')
  const claim = 'claim the folder'
  const opened = journal.begun(claim) ? undefined : await storage.open(name).catch(() => undefined)
  if (opened !== undefined) {
    await opened.release()
    throw new Failure({
      what: `backup ${name} cannot be written`,
      why: `${storage.title} holds a folder of that name already: another backup, unfinished or under way`,
      next: 'choose another name with --name, or remove that folder if nothing writes to it',
    })
  }
  await journal.once(claim, () => Promise.resolve(name))
}

/**
 * Refuses a name under which the storage holds a backup already: of another cluster, or one whose record was removed.
 * @throws Failure
 */
export async function refuseTaken(context: OperationContext<'backup'>, storage: OpenStorage): Promise<void> {
  const name = backupName(context)
  const json = await readText(storage, `${name}/${recordFile}`)
  if (json === undefined) return claimFolder(context, storage)
  const { createdAt } = parseRecord(json, `${storage.title}/${name}/${recordFile}`)
  if (createdAt === context.record.current.createdAt) return
  throw new Failure({
    what: `backup ${name} cannot be written`,
    why: `${storage.title} holds another backup of that name, made ${createdAt}`,
    next:
      'choose another name with --name, or import that one ' +
      `(kubectl scalardl import ${storage.title}/${name}) and delete it`,
  })
}
