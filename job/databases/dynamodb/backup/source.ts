// Room: the tables of one place being backed up.
// Read source, preflight, describe-backup, materialize.

import type { TableDescription } from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { formatTime } from '../../../../operation/time.ts'
import { clockRecordSchema } from '../../../clocks/clock-record.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { BackupSource, BackupContext, PauseMoment, Snapshot, Source } from '../../database.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { accessOf, titleOf, type Access } from '../access.ts'
import { awsFailure } from '../aws-error.ts'
import { checkAccounts } from '../check-accounts.ts'
import { checkBystanders } from '../restore/check-bystanders.ts'
import { checkRights } from './check-rights.ts'
import { openClients, type Clients } from '../clients.ts'
import { accountOf, describeBackup } from './describe-backup.ts'
import { kindName } from '../details.ts'
import { lookAtTable } from '../tables/look-at-table.ts'
import { oneOfEachKey } from '../tables/one-of-each-key.ts'
import { discardMaterials, materialize } from './materialize.ts'
import { measureAwsClock } from './measure-aws-clock.ts'
import { checkRecovery, checkRoom, checkSettings, checkTables, type FoundTable } from './preflight.ts'
import { restoresAtOnce } from '../../../aws/rate-limits.ts'
import { tablesInScope } from '../tables/tables-in-scope.ts'
import { readListed, type Installation } from '../scalardb/metadata.ts'
import { partProgress } from '../../point-in-time/progress.ts'
import { PointHold } from '../../point-in-time/held-point.ts'
import { waitUntilRestorable } from '../../point-in-time/wait-until-restorable.ts'
import { restorableTables } from '../tables/recovery-window.ts'

/**
 * How long AWS may be out of reach: before the pause, when somebody waits to be told, and once the point must not be
 * lost, ms.
 */
const hastyMs = 8_000
const patientMs = 1_800_000
/** Longest that tidying up may take, ms: a temporary table cannot be deleted while it is being restored. */
const tidyMs = 1_200_000

/** What a later worker needs of a snapshot: the tables as they were then, and the clock by which its time is one. */
const durableSchema = z.object({
  tables: z.array(z.object({ name: z.string(), namespace: z.string(), table: z.string() })),
  clock: clockRecordSchema.optional(),
})
type Point = z.infer<typeof durableSchema> & { atMs: number }

/**
 * A DynamoDB being backed up: AWS keeps the past of every table, so a backup is a moment of its clock at which all
 * stood still.
 */
export class DynamodbSource implements BackupSource {
  readonly #settings: StorageSettings[]
  readonly #context: BackupContext
  readonly #access: Access
  readonly #title: string
  readonly #hasty: Clients
  readonly #patient: Clients
  #scope: Promise<Installation> | undefined
  readonly #hold: PointHold
  #point: Point | undefined

  constructor(settings: StorageSettings[], context: BackupContext) {
    this.#settings = settings
    this.#context = context
    this.#access = accessOf(settings)
    this.#title = titleOf(this.#access)
    this.#hasty = openClients(this.#access, { patienceMs: hastyMs, signal: context.signal })
    this.#patient = openClients(this.#access, { patienceMs: patientMs, signal: context.signal })
    const measure = async (signal: AbortSignal) =>
      measureAwsClock(this.#access, (await this.#tables()).tables[0]?.name ?? '', signal)
    this.#hold = new PointHold({ title: this.#title, measure }, context)
  }

  async describe(): Promise<Source> {
    const { tables } = await this.#tables()
    return {
      title: this.#title,
      kind: kindName,
      storages: this.#settings.map((one) => one.storage),
      tables: tables.map(({ namespace, table }) => ({ schema: namespace, name: table })),
      estimatedBytes: 0,
    }
  }

  async preflight(): Promise<Finding[]> {
    const { dynamo } = this.#hasty
    const findings: Finding[] = []
    try {
      const scope = await this.#tables()
      const found = await Promise.all(
        scope.tables.map(async ({ name }): Promise<FoundTable> => ({
          name,
          description: await lookAtTable(dynamo, name),
        })),
      )
      const [first] = found.flatMap(({ description }) => description ?? [])
      findings.push(
        ...(await checkBystanders({
          title: this.#title,
          tables: scope.tables,
          naming: this.#access.naming,
          settings: this.#settings,
          context: this.#context,
          fate: 'are backed up',
          harms: true,
        })),
      )
      findings.push(
        {
          check: 'AWS',
          subject: this.#title,
          outcome: 'ok',
          message: `account ${accountOf(first?.TableArn ?? '')}, reached with ${this.#access.credentialsFrom}`,
        },
        ...(await checkAccounts(this.#title, this.#settings, this.#access, this.#context.signal)),
        ...checkTables(this.#title, found, scope),
      )
      const present = found.flatMap(({ name, description }) => (description === undefined ? [] : [name]))
      findings.push(await checkRecovery(dynamo, this.#title, present, this.#context.signal))
      if (first !== undefined)
        findings.push(
          ...(await checkSettings(this.#hasty, this.#title, first)),
          ...(await this.#checkRights(found.flatMap(({ description }) => description ?? []))),
        )
      if (this.#context.materialize === true)
        findings.push(
          await checkRoom(dynamo, {
            title: this.#title,
            more: Math.min(present.length, restoresAtOnce),
            otherwise: 'omit --materialize',
          }),
        )
    } catch (error) {
      this.#context.signal.throwIfAborted()
      const { what, why, next } = awsFailure('the preflight failed', this.#access, error)
      findings.push({
        check: 'DynamoDB',
        subject: this.#title,
        outcome: 'error',
        message: `${what}: ${why}`,
        cure: next,
      })
    }
    return findings
  }

  async prepare(): Promise<void> {
    await this.#hold.prepare()
  }

  holdMs(): number {
    return this.#hold.longestMs()
  }

  async snapshot(pause?: PauseMoment): Promise<Snapshot> {
    const { tables } = await this.#tables()
    const [{ atMs, ...clock }] = await Promise.all([this.#hold.hold(pause), this.#refuseOtherTables()])
    const durable = { tables, ...clock }
    this.#point = { atMs, ...durable }
    return { at: formatTime(atMs), durable: { ...durable, tables: tables.map((table) => ({ ...table })) } }
  }

  /**
   * Looks whether the metadata still lists the tables of the preflight: one made since would be missing from the
   * backup. In the pause, beside the hold; what is made after this look is empty, since nothing writes.
   * @throws Failure where it lists others, or cannot be read
   */
  async #refuseOtherTables(): Promise<void> {
    if ((this.#context.tables ?? []).length > 0) return
    const { listed } = await this.#tables()
    const now = await readListed(this.#hasty.dynamo, this.#access.naming).catch((error: unknown) => {
      this.#context.signal.throwIfAborted()
      throw awsFailure(`the tables of ${this.#title} could not be listed again`, this.#access, error)
    })
    const made = now.filter((name) => !listed.includes(name)).map((name) => `${name} was made`)
    const dropped = listed.filter((name) => !now.includes(name)).map((name) => `${name} was dropped`)
    if (made.length + dropped.length === 0) return
    this.#scope = undefined
    throw new Failure({
      what: `the pause holds no restore point of ${this.#title}`,
      why: `ScalarDB's metadata changed since the tables were checked: ${[...made, ...dropped].join(', ')}`,
      next: 'back up again when nobody makes or drops tables, or let further pauses be tried with --retries',
    })
  }

  resume({ at, durable }: Snapshot): void {
    this.#point = { ...durableSchema.parse(durable), atMs: Date.parse(at) }
  }

  async complete(): Promise<DatabaseBackup> {
    const point = this.#point
    if (point === undefined) throw new Error('complete() before snapshot()')
    const { events, signal } = this.#context
    const progress = partProgress(events, new Map(point.tables.map(({ name }) => [name, 0])))
    try {
      const names = point.tables.map(({ name }) => name)
      const windows = await waitUntilRestorable(restorableTables(this.#patient.dynamo), names, point.atMs, {
        signal,
        progress,
      })
      const details = await describeBackup({ access: this.#access, clients: this.#patient, ...point, windows })
      return {
        storages: this.#settings.map((one) => one.storage),
        kind: kindName,
        title: this.#title,
        tables: point.tables.map(({ namespace, table }) => ({ schema: namespace, name: table })),
        snapshotAt: formatTime(point.atMs),
        details: JSON.parse(JSON.stringify(details)) as DatabaseBackup['details'],
      }
    } catch (error) {
      signal.throwIfAborted()
      throw awsFailure(`the restore point in ${this.#title} was lost`, this.#access, error)
    } finally {
      progress.end()
    }
  }

  async materialize(backup: DatabaseBackup, journal: Journal): Promise<DatabaseBackup> {
    const { events, signal, operation } = this.#context
    try {
      return await materialize(backup, { clients: this.#patient, events, signal, operation, journal })
    } catch (error) {
      signal.throwIfAborted()
      throw awsFailure(`the restore point in ${this.#title} could not be materialized`, this.#access, error)
    }
  }

  /** Not stopped by the signal: tidying up is what a stopped operation does. */
  async discardMaterials(backup: DatabaseBackup): Promise<void> {
    const clients = openClients(this.#access, { patienceMs: hastyMs })
    try {
      await discardMaterials(backup, {
        clients,
        operation: this.#context.operation,
        signal: AbortSignal.timeout(tidyMs),
      })
    } finally {
      clients.close()
    }
  }

  async close(): Promise<void> {
    this.#hasty.close()
    this.#patient.close()
  }

  async #checkRights(found: readonly TableDescription[]): Promise<Finding[]> {
    const { materialize: wanted = false, operation } = this.#context
    const tables = oneOfEachKey(found, ({ SSEDescription }) => SSEDescription?.KMSMasterKeyArn)
    return await checkRights(this.#hasty.dynamo, {
      title: this.#title,
      tables: tables.map(({ TableName }) => TableName ?? ''),
      operation,
      materialize: wanted,
    })
  }

  /**
   * Looked up once for a pause, and anew where it was void for that: what a backup holds must not change between its
   * preflight and its point.
   */
  async #tables(): Promise<Installation> {
    this.#scope ??= this.#readScope()
    return await this.#scope
  }

  async #readScope(): Promise<Installation> {
    try {
      const scope = await tablesInScope(this.#hasty.dynamo, this.#access, this.#context.tables ?? [], this.#title)
      if (scope.tables.length > 0) return scope
    } catch (error) {
      this.#context.signal.throwIfAborted()
      throw awsFailure(`the tables of ${this.#title} cannot be listed`, this.#access, error)
    }
    throw new Failure({
      what: `nothing to back up in ${this.#title}`,
      why: "ScalarDB's metadata names no tables",
      next: "load ScalarDL's schema first, or name the tables by --table",
    })
  }
}
