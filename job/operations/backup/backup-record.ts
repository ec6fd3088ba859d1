import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { pathAt } from '../../../operation/location.ts'
import { parseRecord, type BackupPart, type OperationRecord } from '../../../operation/record.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { noKey, signed } from '../../context/signing.ts'
import type { Storage } from '../../storage/storage.ts'
import { Taken, unlessTaken } from '../../storage/taken.ts'
import { readText, writeText } from '../../storage/text.ts'

/** The record kept beside the dumps, by which a later cluster can restore them. */
export const recordFile = 'record.json'

/** `backup-NAME` without the kind: the user's name for it, and its folder in the storage. */
export function backupName(context: OperationContext<'backup'>): string {
  return context.request.operation.replace(/^backup-/, '')
}

/** Adds to the backup's part of the record, which is signed as soon as it says that the backup can be restored. */
export async function describeBackup(context: OperationContext<'backup'>, said: Partial<BackupPart>): Promise<void> {
  await context.record.update((record) => {
    const known: BackupPart = record.backup ?? { name: backupName(context), state: 'incomplete', databases: [] }
    record.backup = signed({ ...record, backup: { ...known, ...said } }, context.signing)
  })
  if (said.state === 'restorable' && context.signing === undefined)
    context.events.say('note', `the backup's record is not signed: ${noKey}`, { level: 'warning' })
}

/** Writes the record beside the dumps as it will be when all is done: last, and once, since a store may keep it. */
export async function publishRecord(
  context: OperationContext<'backup'>,
  storage: Storage,
  signal: AbortSignal = context.signal,
): Promise<void> {
  const done: OperationRecord = {
    ...structuredClone(context.record.current),
    state: 'succeeded',
    exitCode: ExitCode.done,
    finishedAt: new Date().toISOString(),
  }
  const path = `${backupName(context)}/${recordFile}`
  await unlessTaken(writeText(storage, path, `${JSON.stringify(done, null, 2)}\n`, signal))
}

/** What a backup's folder holds from before its pause on: whose it is. Nobody else writes there then. */
export const claimFile = 'claim.json'

const claimSchema = z.object({
  operation: z.string(),
  createdAt: z.string(),
  /** the operation that copies the backup there; absent where it was made there */
  copiedBy: z.string().optional(),
})
export type Claim = z.infer<typeof claimSchema>

const claimStep = 'claim the folder'

/** Whether the folder is this operation's own, so that it may be removed. */
export function hasClaim({ journal }: Pick<OperationContext<'backup'>, 'journal'>): boolean {
  return journal.result(claimStep) !== undefined
}

/** @param source where it was read, for the error @throws Failure where it is no claim */
export function parseClaim(json: string, source: string): Claim {
  const { data } = claimSchema.safeParse(tryJson(json))
  if (data !== undefined) return data
  throw new Failure({
    what: `${source} does not say whose the folder is`,
    why: 'it is no claim of a backup',
    next: 'check who may write to the storage',
  })
}

/**
 * Makes a backup's folder an operation's own, before anything is written there: of two that claim one folder, one is
 * refused. An operation that gives up removes its folder, so it must never take one that is somebody else's.
 * @throws Failure where the storage holds a backup of that name already: of another cluster, one whose record was
 * removed, one unfinished or under way
 */
export async function claimFolder(
  { journal, signal }: Pick<OperationContext<'backup' | 'copy'>, 'journal' | 'signal'>,
  storage: Storage,
  name: string,
  claim: Claim,
): Promise<void> {
  const path = `${name}/${claimFile}`
  await journal.once(claimStep, async () => {
    await refuseTaken(storage, name)
    const json = await readText(storage, path)
    // A killed worker of this operation may have come as far.
    if (json !== undefined && isDeepStrictEqual(parseClaim(json, pathAt(storage.title, path)), claim)) return name
    for await (const _ of storage.list(name)) throw unfinished(storage, name)
    await writeText(storage, path, `${JSON.stringify(claim)}\n`, signal).catch((error: unknown) => {
      throw error instanceof Taken ? unfinished(storage, name) : error
    })
    return name
  })
}

async function refuseTaken(storage: Storage, name: string): Promise<void> {
  const path = `${name}/${recordFile}`
  const json = await readText(storage, path)
  if (json === undefined) return
  const { createdAt } = parseRecord(json, pathAt(storage.title, path))
  const folder = pathAt(storage.title, name)
  throw new Failure({
    what: `backup ${name} cannot be written`,
    why: `${storage.title} holds another backup of that name, made ${createdAt}`,
    next: `choose another name with --name, or import that one (kubectl scalardl import '${folder}') and delete it`,
  })
}

function unfinished(storage: Storage, name: string): Failure {
  return new Failure({
    what: `backup ${name} cannot be written`,
    why: `${storage.title} holds a folder of that name already: another backup, unfinished or under way`,
    next: 'choose another name with --name, or remove that folder if nothing writes to it',
  })
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
