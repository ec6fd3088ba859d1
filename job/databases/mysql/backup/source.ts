// Room: one MySQL or MariaDB server being backed up.
// Read source, snapshot-sessions, dump-table, insert-lines, columns, preflight, zoned-columns.

import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { BackupContext, BackupSource, Snapshot, Source } from '../../database.ts'
import { findingOf } from '../../errors.ts'
import { claimFolder, sealFolder } from '../../dump/own-folder.ts'
import { tellProgress } from '../../dump/progress.ts'
import { shareOut } from '../../dump/share-out.ts'
import { accessOf, titleOf, type Access } from '../access.ts'
import { connect, type Connected } from '../connect.ts'
import type { Details } from '../details.ts'
import { explained } from '../query-error.ts'
import { readServer } from '../server.ts'
import type { Session } from '../session.ts'
import { createStatement, isTable, listTables, type Table } from '../tables.ts'
import { altered, dumpTable, type Dumped, type KnownTable } from './dump-table.ts'
import { checkConnections, checkScope, checkServer } from './preflight.ts'
import { readScope, type Scope } from './scope.ts'
import { endAll, openSessions, takeSnapshot } from './snapshot-sessions.ts'

export const kindName = 'mysql'

/**
 * How often the session that looks at the present says something while others read for hours, ms: proxies and load
 * balancers that count bytes, and not the kernel's own probes, end a connection that is silent for some minutes.
 */
const talkMs = 30_000

interface Extent {
  scope: Scope
  tables: Table[]
}

/** What stands ready for the pause, and what the snapshot made of it. */
interface Prepared {
  sessions: Session[]
  tables: KnownTable[]
  schemas: string[]
  taken?: { at: string; holders: Session[] }
}

/** A server being backed up: one snapshot in several sessions inside the pause, whose tables they stream afterwards. */
export class MysqlSource implements BackupSource {
  readonly #settings: StorageSettings[]
  readonly #context: BackupContext
  readonly #title: string
  readonly #talkMs: number
  #access: Access
  #connected: Promise<Connected> | undefined
  #prepared: Prepared | undefined

  constructor(settings: StorageSettings[], context: BackupContext, everyMs = talkMs) {
    this.#talkMs = everyMs
    this.#settings = settings
    this.#context = context
    this.#access = accessOf(settings)
    this.#title = titleOf(this.#access)
  }

  async describe(): Promise<Source> {
    const { tables } = await this.#extent(await this.#session())
    return {
      title: this.#title,
      kind: kindName,
      storages: this.#settings.map((one) => one.storage),
      tables: tables.map(({ schema, name }) => ({ schema, name })),
      estimatedBytes: sizeOf(tables),
    }
  }

  async preflight(): Promise<Finding[]> {
    const title = this.#title
    let session: Session
    try {
      session = await this.#session()
    } catch (error) {
      return [findingOf('database connection', title, error)]
    }
    const message = `connected as ${this.#access.username}`
    const findings: Finding[] = [{ check: 'database connection', subject: title, outcome: 'ok', message }]
    try {
      findings.push(await checkServer(session, title))
      const scope = await readScope(session, this.#settings, this.#context.schemas, title)
      const found = await listTables(session, scope.schemas)
      findings.push(...(await checkScope(session, title, scope, found)))
      findings.push(await checkConnections(session, title, this.#context.parallel, 'a backup'))
      await this.#extent(session)
    } catch (error) {
      findings.push(findingOf('database', title, error))
    }
    return findings
  }

  async prepare(): Promise<void> {
    // A transaction has one snapshot, so the sessions of an earlier window are of no use to another.
    endAll(this.#prepared?.sessions ?? [])
    this.#prepared = undefined
    await explained(`the snapshot of ${this.#title} could not be prepared`, async () => {
      const session = await this.#session()
      const { scope, tables } = await this.#extent(session)
      const known: KnownTable[] = []
      for (const table of tables) known.push({ ...table, definition: await createStatement(session, table) })
      const count = Math.min(this.#context.parallel, tables.length)
      this.#prepared = { sessions: await openSessions(this.#access, count), tables: known, schemas: scope.schemas }
    })
  }

  async snapshot(): Promise<Snapshot> {
    const prepared = this.#prepared
    if (prepared === undefined) throw new Error('snapshot() before prepare()')
    // Whatever was acknowledged before this moment is in the snapshot.
    const at = new Date().toISOString()
    const holders = await explained(`the snapshot of ${this.#title} could not be taken`, () =>
      takeSnapshot(prepared.sessions),
    )
    // An answer that comes after its window is not that of the next.
    if (this.#prepared !== prepared) throw new Error('the window of this snapshot is over')
    prepared.taken = { at, holders }
    return { at }
  }

  async complete(folder: string): Promise<DatabaseBackup> {
    const prepared = this.#prepared
    if (prepared?.taken === undefined) throw new Error('complete() before snapshot()')
    const { holders, at } = prepared.taken
    const { storage, operation, events, signal } = this.#context
    if (holders.length < prepared.sessions.length)
      events.say('note', `${this.#title}: others commit on this server all the time, so one session alone reads`)
    const owner = { operation, database: this.#title }
    await claimFolder(storage, folder, owner)
    try {
      return await explained(`the dump of ${this.#title} failed`, async () => {
        const dumped = await this.#dump(prepared, holders, folder)
        const details = await this.#details(prepared, dumped)
        const files = dumped.flatMap((one) => one.files)
        const { sha256, bytes } = await sealFolder(storage, folder, owner, files, signal)
        signal.throwIfAborted()
        return {
          storages: this.#settings.map((one) => one.storage),
          kind: kindName,
          title: this.#title,
          tables: dumped.map((one) => one.table),
          snapshotAt: at,
          folder,
          bytes,
          details: { ...details, manifestSha256: sha256 },
        }
      })
    } catch (error) {
      endAll(prepared.sessions)
      await storage.delete(folder).catch(() => undefined)
      signal.throwIfAborted()
      throw error
    } finally {
      endAll(prepared.sessions)
    }
  }

  async close(): Promise<void> {
    endAll(this.#prepared?.sessions ?? [])
    const connected = await this.#connected?.catch(() => undefined)
    connected?.session.destroy()
  }

  /** The tables, one after another in each session that holds the snapshot; what fails ends the others. */
  async #dump(prepared: Prepared, holders: readonly Session[], folder: string): Promise<Dumped[]> {
    const { compressionLevel, events, recipients, signal, storage } = this.#context
    const now = await this.#session()
    const present = (await listTables(now, prepared.schemas)).filter(isTable)
    const appeared = present.find(
      ({ schema, name }) => !prepared.tables.some((one) => one.schema === schema && one.name === name),
    )
    if (appeared !== undefined) throw altered(appeared)

    const alive = AbortSignal.any([signal, ...holders.map(({ lost }) => lost)])
    // The largest first, so that none is left for the end.
    const largestFirst = [...prepared.tables.entries()].sort(([, a], [, b]) => b.bytes - a.bytes)
    const dumped: Dumped[] = []
    const meter = { bytes: 0 }
    const free = holders.values()
    const stop = tellProgress(events, this.#title, sizeOf(prepared.tables), async () => meter.bytes)
    const talk = setInterval(() => void now.query('DO 0').catch(() => undefined), this.#talkMs)
    try {
      await shareOut(largestFirst, { workers: holders.length, signal: alive }, async (waiting, signal) => {
        const { value: holder } = free.next()
        if (holder === undefined) throw new Error('more workers than sessions')
        for (const [index, table] of waiting)
          dumped[index] = await dumpTable(
            { holder, now, storage, recipients, compressionLevel, signal, meter },
            folder,
            index,
            table,
          )
        // It has nothing left to read, and is not to be lost while others do.
        holder.destroy()
      })
    } catch (error) {
      signal.throwIfAborted()
      const lost = holders.find((holder) => holder.lost.aborted)
      throw lost === undefined ? error : sessionLost(this.#title, lost.lost.reason)
    } finally {
      clearInterval(talk)
      stop()
    }
    return dumped
  }

  async #details(prepared: Prepared, dumped: readonly Dumped[]): Promise<Omit<Details, 'manifestSha256'>> {
    const session = await this.#session()
    const { product, version, major, minor } = await readServer(session)
    const longestStatement = Math.max(0, ...dumped.map((one) => one.longestStatement))
    const [limits] = await session.query<{ bytes: number }>('SELECT @@global.max_allowed_packet AS bytes')
    if (longestStatement >= (limits?.bytes ?? 0)) {
      const needed = `${this.#title}: a restore into this server needs a max_allowed_packet of more than`
      this.#context.events.say('note', `${needed} ${longestStatement} bytes`, { level: 'warning' })
    }
    const schemas = await session.query<Details['schemas'][number]>(
      `SELECT SCHEMA_NAME AS name, DEFAULT_CHARACTER_SET_NAME AS charset, DEFAULT_COLLATION_NAME AS collation
       FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN (?) ORDER BY 1`,
      [prepared.schemas],
    )
    const collations = await session.query<{ name: string }>(
      `SELECT DISTINCT COLLATION_NAME AS name FROM information_schema.COLUMNS
       WHERE TABLE_SCHEMA IN (?) AND COLLATION_NAME IS NOT NULL ORDER BY 1`,
      [prepared.schemas],
    )
    return {
      version: 1,
      product,
      serverVersion: version,
      major,
      minor,
      schemas,
      collations: collations.map(({ name }) => name),
      tableBytes: sizeOf(prepared.tables),
      longestStatement,
    }
  }

  async #session(): Promise<Session> {
    this.#connected ??= connect(this.#access)
    const { session, access } = await this.#connected
    this.#access = access
    return session
  }

  async #extent(session: Session): Promise<Extent> {
    return await explained(`the tables of ${this.#title} cannot be listed`, async () => {
      const scope = await readScope(session, this.#settings, this.#context.schemas, this.#title)
      const tables = (await listTables(session, scope.schemas)).filter(isTable)
      if (tables.length > 0) return { scope, tables }
      throw new Failure({
        what: `nothing to back up in ${this.#title}`,
        why: `its schemas ${scope.schemas.join(', ')} hold no tables that this user sees`,
        next: "load ScalarDL's schema first, or correct --schema",
      })
    })
  }
}

function sizeOf(tables: readonly Table[]): number {
  return tables.reduce((sum, table) => sum + table.bytes, 0)
}

function sessionLost(title: string, cause: unknown): Failure {
  return new Failure(
    {
      what: `the snapshot of ${title} is lost`,
      why: 'a session that held it ended',
      next:
        'check that the database serves and that nothing (a proxy, a time limit) ends idle sessions, ' +
        'then run the backup again',
    },
    { cause },
  )
}
