import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { namesOf } from '../../job/databases/dump/names.ts'
import { shareOut } from '../../job/databases/dump/share-out.ts'
import { accessOf as mysqlAccess } from '../../job/databases/mysql/access.ts'
import { connect } from '../../job/databases/mysql/connect.ts'
import { quoted } from '../../job/databases/mysql/tables.ts'
import { accessOf as postgresqlAccess } from '../../job/databases/postgresql/access.ts'
import { countingSessions, countRows } from '../../job/databases/postgresql/counts.ts'
import { mysql } from '../../job/databases/mysql/mysql.ts'
import { postgresql } from '../../job/databases/postgresql/postgresql.ts'
import { openJournal } from '../../job/journal/persisted-journal.ts'
import { jsonLineEvents } from '../../job/process/events.ts'
import type { StorageSettings } from '../../job/scalardb/storage-settings.ts'
import { volumeStorage } from '../../job/storage/volume/volume.ts'
import type { DatabaseBackup } from '../../operation/record.ts'

/** What the parent asks of a fresh process. */
export interface DumpTask {
  action: 'dump' | 'load'
  kind: 'mysql' | 'postgresql'
  contactPoints: string
  username: string
  password: string
  schema: string
  /** an empty folder for a dump, the same for its load */
  folder: string
  parallel: number
}

/** What it answers, ms. */
export interface DumpAnswer {
  ms: number
  /** of a dump: what its hashes took, which others do not make */
  hashMs?: number
  /** of a load: what counting its rows takes, once more; others do not */
  countMs?: number
  /** of a load: the first of its two passes, which others do not make */
  verifyMs?: number
}

/** Dumps one database as the worker does, or loads it beside the one in service and removes that again. */
async function run(task: DumpTask): Promise<DumpAnswer> {
  const kind = { mysql, postgresql }[task.kind]
  const storage = volumeStorage(task.folder, 'pvc://bench')
  const settings: StorageSettings = {
    storage: 'default',
    kind: 'jdbc',
    contactPoints: task.contactPoints,
    contactPort: undefined,
    username: task.username,
    password: task.password,
    releaseUsername: task.username,
    namespaces: undefined,
    property: () => undefined,
  }
  const context = {
    storage,
    folders: storage,
    operation: `${task.action}-1`,
    events: jsonLineEvents(() => undefined),
    parallel: task.parallel,
    schemas: [task.schema],
    signal: new AbortController().signal,
  }
  const entryFile = `${task.folder}.entry.json`
  const startedMs = performance.now()
  if (task.action === 'dump') {
    const source = kind.openBackup([settings], context)
    await source.prepare()
    await source.snapshot()
    const entry = await source.complete('dump/db')
    await source.close()
    const ms = performance.now() - startedMs
    writeFileSync(entryFile, JSON.stringify(entry))
    return { ms, hashMs: hashAgain(task.folder) }
  }
  const entry = JSON.parse(readFileSync(entryFile, 'utf8')) as DatabaseBackup
  const destination = kind.openRestore([settings], entry, context)
  const journal = await openJournal(context.operation, {
    read: () => Promise.resolve(undefined),
    write: () => Promise.resolve(),
  })
  await destination.verify()
  const verifyMs = performance.now() - startedMs
  await destination.load(journal)
  const ms = performance.now() - startedMs - verifyMs
  const countMs = await countAgain(task, settings, entry)
  await destination.discard(journal)
  await destination.close()
  return { ms, verifyMs, countMs }
}

/** What the hashes of a folder's files take without the rest, ms; read in pieces, whose memory is no dump's. */
function hashAgain(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const piece = Buffer.alloc(1 << 20)
  let ms = 0
  for (const { parentPath, name } of files) {
    const file = openSync(join(parentPath, name), 'r')
    const hash = createHash('sha256')
    for (let bytes = readSync(file, piece); bytes > 0; bytes = readSync(file, piece)) {
      const startedMs = performance.now()
      hash.update(piece.subarray(0, bytes))
      ms += performance.now() - startedMs
    }
    hash.digest()
    closeSync(file)
  }
  return ms
}

/** What counting the loaded rows takes, by as many sessions as the load has, ms. */
async function countAgain(task: DumpTask, settings: StorageSettings, { tables }: DatabaseBackup): Promise<number> {
  const { signal } = new AbortController()
  const startedMs = performance.now()
  if (task.kind === 'postgresql') {
    const access = postgresqlAccess([settings])
    const { restored } = namesOf(access.database, 'load-1', () => true)
    const sessions = countingSessions(task.parallel)
    await countRows(access, restored, tables, { sessions, begin: 'BEGIN READ ONLY', signal })
  } else {
    const { restored } = namesOf(task.schema, 'load-1', () => true)
    await shareOut(tables, { workers: task.parallel, signal }, async (waiting) => {
      const { session } = await connect(mysqlAccess([settings]))
      for (const { name } of waiting) await session.query(`SELECT count(*) FROM ${quoted({ schema: restored, name })}`)
      session.destroy()
    })
  }
  return performance.now() - startedMs
}

process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2] ?? '{}') as DumpTask)))
