// Room: one PostgreSQL database being backed up.
// Read source, snapshot-session, dump, dump-rows, copy-out, preflight.

import { Readable } from 'node:stream'
import type { Client } from 'pg'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { BackupSource, BackupContext, Snapshot, Source } from '../../database.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { DumpedFile } from '../../dump/manifest.ts'
import { findingOf } from '../../errors.ts'
import { atOnce } from '../../dump/share-out.ts'
import { claimFolder, sealFolder } from '../../dump/own-folder.ts'
import { level, writeFile } from '../../dump/write-file.ts'
import { tellProgress } from '../../dump/progress.ts'
import { accessOf, titleOf, type Access } from '../access.ts'
import { connect, type Connected } from '../connect.ts'
import { checkConnections } from '../connections.ts'
import type { Details, Extension } from '../details.ts'
import { readCollations, readExtensions, readOutsideSchemas } from './dependencies.ts'
import { dumpDefinitions } from './dump.ts'
import { dumpRows, type DumpedRows } from './dump-rows.ts'
import { readEnvironment, readRoles } from './environment.ts'
import { checkCompleteness, checkDump, checkScope, checkSnapshots, checkTool } from './preflight.ts'
import { explained } from '../query-error.ts'
import { checkPowers } from '../powers.ts'
import { readScope, type Scope } from './scope.ts'
import { openSnapshotSession, type SnapshotSession } from './snapshot-session.ts'
import { listTables, type Table } from '../tables.ts'
import { rowsList, type RowsList } from '../rows.ts'
import { toolMajor } from '../tools.ts'

export const kindName = 'postgresql'

/** What this version records of a dump, beyond what 0.1 did. */
interface Additions {
  dumpedExtensions: Extension[]
  collations: string[]
  outsideSchemas: string[]
  totalBytes: number
}
type Recorded = Omit<Details, 'manifestSha256' | keyof Additions> & Additions

interface Extent {
  scope: Scope
  tables: Table[]
}

/** What a dump has, beside its manifest. */
interface Dumped {
  details: Recorded
  tables: DatabaseBackup['tables']
  files: DumpedFile[]
}

/** A PostgreSQL database being backed up: one exported snapshot inside the pause, a dump of it afterwards. */
export class PostgresqlSource implements BackupSource {
  readonly #settings: StorageSettings[]
  readonly #context: BackupContext
  #access: Access
  readonly #title: string
  #connected: Promise<Connected> | undefined
  #session: SnapshotSession | undefined
  #snapshot: { id: string; at: string } | undefined

  constructor(settings: StorageSettings[], context: BackupContext) {
    this.#settings = settings
    this.#context = context
    this.#access = accessOf(settings)
    this.#title = titleOf(this.#access)
  }

  async describe(): Promise<Source> {
    const { tables } = await this.#extent(await this.#client())
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
    let client: Client
    try {
      client = await this.#client()
    } catch (error) {
      return [findingOf('database connection', title, error)]
    }
    const findings: Finding[] = [
      { check: 'database connection', subject: title, outcome: 'ok', message: `connected as ${this.#access.username}` },
    ]
    try {
      const { serverVersion } = await readEnvironment(client)
      findings.push(
        await checkTool('pg_dump', title, Math.floor(serverVersion / 10_000), 'the server has', this.#context.signal),
      )
      findings.push(...(await checkSnapshots(client, this.#access, title)))
      const { scope, tables } = await this.#extent(client)
      findings.push(...(await checkScope(client, title, scope, tables)))
      // the session that holds the snapshot, pg_dump's, and those that copy
      const { parallel, signal } = this.#context
      findings.push(await checkConnections(client, title, 2 + parallel, 'a backup'))
      findings.push(...(await checkCompleteness(client, title, scope)))
      findings.push(...(await checkPowers(client, title, this.#access.username)))
      // What is known already is said once, with its own cure.
      if (findings.some(({ outcome }) => outcome === 'error')) return findings
      const extensions = await readExtensions(client, scope.schemas)
      findings.push(
        await checkDump(this.#access, title, { schemas: scope.schemas, extensions: namesOf(extensions) }, signal),
      )
    } catch (error) {
      findings.push(findingOf('database', title, error))
    }
    return findings
  }

  async prepare(): Promise<void> {
    const { tables } = await this.#extent(await this.#client())
    // A transaction has one snapshot, so the session of an earlier window is of no use to another.
    await this.#session?.end()
    this.#snapshot = undefined
    this.#session = await explained(`the snapshot of ${this.#title} could not be prepared`, () =>
      openSnapshotSession(this.#access, tables),
    )
  }

  async snapshot(): Promise<Snapshot> {
    const session = this.#session
    if (session === undefined) throw new Error('snapshot() before prepare()')
    // Whatever was acknowledged before this moment is in the snapshot.
    const at = new Date().toISOString()
    const id = await explained(`the snapshot of ${this.#title} could not be taken`, () => session.take())
    // An answer that comes after its window is not that of the next.
    if (this.#session !== session) throw new Error('the window of this snapshot is over')
    this.#snapshot = { id, at }
    return { at }
  }

  async complete(folder: string): Promise<DatabaseBackup> {
    const session = this.#session
    const snapshot = this.#snapshot
    if (session === undefined || snapshot === undefined) throw new Error('complete() before snapshot()')
    const { storage, operation } = this.#context
    const owner = { operation, database: this.#title }
    await claimFolder(storage, folder, owner)
    try {
      const signal = AbortSignal.any([this.#context.signal, session.lost])
      const { details, tables, files } = await explained(`the dump of ${this.#title} failed`, () =>
        this.#dump(folder, session.client, snapshot.id, signal),
      )
      const { sha256, bytes } = await sealFolder(storage, folder, owner, files, this.#context.signal)
      this.#context.signal.throwIfAborted()
      return {
        storages: this.#settings.map((one) => one.storage),
        kind: kindName,
        title: this.#title,
        tables,
        snapshotAt: snapshot.at,
        folder,
        bytes,
        details: { ...details, manifestSha256: sha256 },
      }
    } catch (error) {
      await storage.delete(folder).catch(() => undefined)
      throw error
    } finally {
      await session.end()
    }
  }

  async close(): Promise<void> {
    await this.#session?.end()
    const connected = await this.#connected?.catch(() => undefined)
    await connected?.client.end().catch(() => undefined)
  }

  /** Definitions beside rows: an error of the one is known before the hours that the other may take. */
  async #dump(folder: string, client: Client, snapshot: string, signal: AbortSignal): Promise<Dumped> {
    const { compressionLevel, events, parallel, recipients, storage } = this.#context
    const to = { storage, recipients, compressionLevel, signal }
    const access = this.#access
    const title = this.#title
    const { scope, tables } = await this.#extent(client)
    const dumpedExtensions = await readExtensions(client, scope.schemas)
    const tableBytes = sizeOf(tables)
    const environment = await readEnvironment(client)
    const { encoding } = environment
    const what = { schemas: scope.schemas, extensions: namesOf(dumpedExtensions), tables, snapshot, title, folder }
    const meter = { bytes: 0 }
    let files: DumpedFile[] = []
    let dumped: DumpedRows[] = []
    let tool = 0
    const stop = tellProgress(events, title, tableBytes, async () => meter.bytes)
    await atOnce(signal, [
      async (signal) => void (files = await dumpDefinitions(access, { ...what, ...to, signal })),
      async (signal) => void (tool = await toolMajor('pg_dump', signal)),
      async (signal) => {
        const rows = { access, folder, snapshot, encoding, sessions: parallel, meter }
        dumped = await dumpRows({ ...to, ...rows, signal }, tables)
      },
    ]).finally(stop)
    const list: RowsList = {
      version: 1,
      encoding,
      tables: dumped.map(({ table: { schema, name }, columns, file }) => ({ schema, name, columns, file: file.path })),
    }
    const content = Readable.from([Buffer.from(`${JSON.stringify(list, null, 1)}\n`)])
    files.push(...dumped.map(({ file }) => file), await writeFile(to, folder, rowsList, content))
    const { rows: schemas } = await client.query<{ name: string; owner: string }>(
      'SELECT nspname AS name, pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = ANY($1) ORDER BY 1',
      [scope.schemas],
    )
    const details = {
      version: 1 as const,
      database: this.#access.database,
      ...environment,
      ...(await readRoles(client, scope.schemas)),
      schemas,
      toolMajor: tool,
      compression: `zstd:${compressionLevel ?? level}`,
      tableBytes,
      totalBytes: tables.reduce((sum, table) => sum + table.totalBytes, 0),
      dumpedExtensions,
      collations: await readCollations(client, scope.schemas),
      outsideSchemas: await readOutsideSchemas(client, scope.schemas),
    }
    return { details, tables: dumped.map(({ table }) => table), files }
  }

  async #client(): Promise<Client> {
    this.#connected ??= connect(this.#access)
    const { client, access } = await this.#connected
    this.#access = access
    return client
  }

  async #extent(client: Client): Promise<Extent> {
    return await explained(`the tables of ${this.#title} cannot be listed`, async () => {
      const scope = await readScope(client, this.#settings, this.#context.schemas, this.#title)
      const tables = await listTables(client, scope.schemas)
      if (tables.length > 0) return { scope, tables }
      throw new Failure({
        what: `nothing to back up in ${this.#title}`,
        why: `its schemas ${scope.schemas.join(', ')} hold no tables`,
        next: "load ScalarDL's schema first, or correct --schema",
      })
    })
  }
}

function namesOf(extensions: readonly Extension[]): string[] {
  return extensions.map((extension) => extension.name)
}

function sizeOf(tables: readonly Table[]): number {
  return tables.reduce((sum, table) => sum + table.bytes, 0)
}
