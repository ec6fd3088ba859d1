import { readFileSync, writeFileSync } from 'node:fs'
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
    return { ms }
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
  await destination.discard(journal)
  await destination.close()
  return { ms, verifyMs }
}

process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2] ?? '{}') as DumpTask)))
