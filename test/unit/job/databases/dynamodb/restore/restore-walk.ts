import type { Test } from 'tap'
import { lookAtTable } from '../../../../../../job/databases/dynamodb/tables/look-at-table.ts'
import { readDetails } from '../../../../../../job/databases/dynamodb/details.ts'
import { isOwnTable } from '../../../../../../job/databases/dynamodb/restore/restore-work.ts'
import { listBackups } from '../../../../../../job/databases/dynamodb/backup/table-backup.ts'
import type { OperationRequest } from '../../../../../../operation/request.ts'
import type { RestoreStage } from './restore-stage.ts'
import type { World } from './restored-world.ts'

/** Calls that change something of a table or a backup. */
const changing = /^(Create|Delete|Restore|Update)/

/** How many are killed at the same time: each mostly waits. */
const atOnce = 6

/**
 * Tables that, at this moment, are neither there as they were before the restore nor in any backup that can be restored. While
 * a restore replaces them only the backup that takes their place counts; afterwards the restored table and AWS's own backup of the original do as well.
 */
export async function inPeril({ clients: { dynamo }, entry }: RestoreStage, isReplacing: boolean): Promise<string[]> {
  const details = readDetails(entry)
  const safe = (await listBackups(dynamo, { BackupType: 'ALL' })).filter(
    ({ BackupStatus }) => BackupStatus === 'AVAILABLE',
  )
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

/** One worker's life in which no table may ever be in peril. */
export function watched(t: Test, stage: RestoreStage, { kind }: Pick<OperationRequest, 'kind'>) {
  return {
    async after(operation: string): Promise<void> {
      if (!changing.test(operation)) return
      const perils = await inPeril(stage, kind === 'restore')
      if (perils.length > 0) t.fail(`after ${operation} the only copy of ${perils.join(', ')} is in flight`)
    },
  }
}

/** Does an operation undisturbed. @returns how often its journal was written */
export async function undisturbed(t: Test, stage: RestoreStage, request: OperationRequest): Promise<number> {
  let writes = 0
  const { code } = await stage.worker(request, { ...watched(t, stage, request), wrote: (write) => (writes = write) })
  t.equal(code, 0, `${request.operation}: ${JSON.stringify(stage.record(request.operation)?.failure)}`)
  return writes
}

/** Kills the worker of an operation at one write of its journal, and lets others go on with it until it is done. */
export async function killedAt(
  t: Test,
  stage: RestoreStage,
  request: OperationRequest,
  writes: number,
  lastWriteKept: boolean,
): Promise<void> {
  const where = `${request.operation} killed ${lastWriteKept ? 'after' : 'before'} write ${writes}`
  await stage.worker(request, { ...watched(t, stage, request), writes, lastWriteKept })
  const { code } = await stage.worker(request, watched(t, stage, request))
  t.equal(code, 0, `${where}: ${JSON.stringify(stage.record(request.operation)?.failure)}`)
  t.equal(stage.replicas(), 3, `${where}: the release serves`)
}

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
