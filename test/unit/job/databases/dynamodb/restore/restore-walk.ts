import { ListBackupsCommand, type BackupSummary, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Test } from 'tap'
import { lookAtTable } from '../../../../../../job/databases/dynamodb/tables/look-at-table.ts'
import { readDetails } from '../../../../../../job/databases/dynamodb/details.ts'
import { isOwnTable } from '../../../../../../job/databases/dynamodb/restore/restore-work.ts'
import type { OperationRequest } from '../../../../../../operation/request.ts'
import type { Moment } from '../../../mortal-cluster.ts'
import type { RestoreStage } from './restore-stage.ts'
import type { World } from './restored-world.ts'

/** Calls that change something of a table or a backup. */
const changing = /^(Create|Delete|Restore|Update)/

/** How many are killed at the same time: each mostly waits. */
const atOnce = 6

/**
 * Tables that, at this moment, are neither there as they were before the restore nor in any backup that can be
 * restored. While a restore replaces them only the backup that takes their place counts; afterwards the restored table
 * and AWS's own backup of the original do as well.
 */
export async function inPeril({ clients, entry, point }: RestoreStage, isReplacing: boolean): Promise<string[]> {
  const { dynamo } = clients
  const details = readDetails(entry)
  const safe = (await backupsSince(dynamo, point)).filter(({ BackupStatus }) => BackupStatus === 'AVAILABLE')
  const tables = details.tables.filter(({ name }) => !isOwnTable(details, name))
  const perils = await Promise.all(
    tables.map(async ({ name, id }) => {
      const found = await lookAtTable(dynamo, name)
      const isThere = found?.TableStatus === 'ACTIVE' && (found.TableId === id || !isReplacing)
      const isReplacement = (backup?: string) =>
        backup?.startsWith('restoring.') === true && backup.endsWith(`.${name}`)
      return isThere ||
        safe.some(({ TableId, BackupName }) => isReplacement(BackupName) || (!isReplacing && TableId === id))
        ? []
        : [name]
    }),
  )
  return perils.flat()
}

/** Backups of all tables. Not by the worker's own function: the rate that AWS allows is for the workers to use up. */
async function backupsSince(dynamo: DynamoDBClient, point: string): Promise<BackupSummary[]> {
  const found: BackupSummary[] = []
  let start: string | undefined
  do {
    const page = await dynamo.send(
      new ListBackupsCommand({
        BackupType: 'ALL',
        TimeRangeLowerBound: new Date(point),
        ExclusiveStartBackupArn: start,
      }),
    )
    found.push(...(page.BackupSummaries ?? []))
    start = page.LastEvaluatedBackupArn
  } while (start !== undefined)
  return found
}

/** One worker's life in which no table may ever be in peril. */
export function watched(t: Test, stage: RestoreStage, request: OperationRequest) {
  const isReplacing = request.kind === 'restore' && !request.dropPrevious
  return {
    async after(operation: string): Promise<void> {
      if (!changing.test(operation)) return
      const perils = await inPeril(stage, isReplacing)
      if (perils.length > 0) t.fail(`after ${operation} the only copy of ${perils.join(', ')} is in flight`)
    },
  }
}

/** Does an operation undisturbed. @returns the moments that its steps have, in order: where a walk kills it */
export async function undisturbed(t: Test, stage: RestoreStage, request: OperationRequest): Promise<Moment[]> {
  const moments: Moment[] = []
  const dies = (moment: Moment) => {
    moments.push(moment)
    return false
  }
  const { code } = await stage.worker(request, { ...watched(t, stage, request), dies })
  t.equal(code, 0, `${request.operation}: ${JSON.stringify(stage.record(request.operation)?.failure)}`)
  return moments
}

/** Replaces what differs in the names of one operation's steps from those of another of its kind. */
export type Plain = (step: string) => string

/** The names of steps without those of their installation and operation. */
export const plain =
  (...names: string[]): Plain =>
  (step) =>
    names.reduce((text, name) => text.replaceAll(name, '*'), step).replaceAll(/restoring\.[0-9a-f]+\./g, 'restoring.*.')

/** Kills the worker of an operation at one moment of a step, and lets the next one go on with it until it is done. */
export async function killedAt(
  t: Test,
  stage: RestoreStage,
  request: OperationRequest,
  { step, at }: Moment,
  names: Plain,
): Promise<void> {
  const where = `${request.operation} killed ${at === 'begun' ? 'before' : 'after'} ${step}`
  const dies = (moment: Moment) => moment.at === at && names(moment.step) === step
  const { killed } = await stage.worker(request, { ...watched(t, stage, request), dies })
  t.ok(killed, where)
  const { code } = await stage.worker(request, watched(t, stage, request))
  t.equal(code, 0, `${where}: ${JSON.stringify(stage.record(request.operation)?.failure)}`)
  t.equal(stage.replicas(), 3, `${where}: the release serves`)
}

/** The moments of one operation's steps, named so that those of another can be told to be the same. */
export const plainly = (moments: readonly Moment[], names: Plain): Moment[] =>
  moments.map(({ step, at }) => ({ step: names(step), at }))

/** Runs a number of cases, some at the same time. */
export async function each<T>(cases: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const left = [...cases]
  const next = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await run(one)
  }
  await Promise.all(Array.from({ length: atOnce }, next))
}

/** Only what a difference is made of, since worlds are large. */
export function sameWorld(t: Test, found: World, wanted: World, where: string): void {
  if (JSON.stringify(found) === JSON.stringify(wanted)) t.pass(where)
  else t.strictSame(found, wanted, where)
}
