import { openLedgerStage } from '../../test/end-to-end/stage/ledger-stage.ts'
import { mariadb, openMysqlStage } from '../../test/end-to-end/stage/mysql-stage.ts'
import { recordOf } from '../../test/end-to-end/stage/records.ts'
import { ground, Stage } from '../../test/end-to-end/stage/stage.ts'
import { partsOfBackup, partsOfRestore, type Parts } from '../figures/phases.ts'

/** A release with data of a certain size: two databases of a PostgreSQL server, or the schemas of a MariaDB server. */
export interface SizedRelease {
  database: SizedDatabase
  /** `1 GB` */
  title: string
  stage: Stage
  /** what the server itself says of both databases together */
  bytes: number
  seededMs: number
}

export type SizedDatabase = 'postgresql' | 'mysql'

const location = 'pvc://backups/bench'

/** @param megabytes of ballast, 10^6 bytes each */
export async function openSized(megabytes: number, database: SizedDatabase): Promise<SizedRelease> {
  const title = megabytes < 1000 ? `${megabytes} MB` : `${megabytes / 1000} GB`
  const startedMs = Date.now()
  const standIn = { STAND_IN_FILL_MB: String(megabytes) }
  const namespace = namespaceOf(megabytes)
  const { stage } =
    database === 'mysql'
      ? await openMysqlStage(namespace, { storages: 'mysql', standIn })
      : await openLedgerStage(namespace, { standIn })
  const seededMs = Date.now() - startedMs
  const bytes = database === 'mysql' ? await settleMysql(stage) : await settlePostgresql(stage)
  return { database, title, stage, bytes, seededMs }
}

/**
 * Autovacuum would start on its own in the midst of the first rounds, and pages not yet known to be visible are read
 * otherwise.
 * @returns bytes of both databases
 */
async function settlePostgresql(stage: Stage): Promise<number> {
  for (const database of ['ledger_a', 'ledger_b']) await psql(stage, database, 'VACUUM ANALYZE')
  await psql(stage, 'postgres', 'CHECKPOINT')
  const size = `SELECT sum(pg_database_size(datname)) FROM pg_database WHERE datname IN ('ledger_a', 'ledger_b')`
  return Number(await psql(stage, 'postgres', size))
}

/** @returns bytes of all tables, once they are counted anew */
async function settleMysql(stage: Stage): Promise<number> {
  for (const namespace of ['checking', 'savings']) await mariadb(stage, `ANALYZE TABLE ${namespace}.filler`)
  const [size] = await mariadb(stage, 'SELECT sum(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES')
  return Number(size)
}

/** By TCP: where the socket is differs between images. */
function psql(stage: Stage, database: string, sql: string): Promise<string> {
  const script = 'PGPASSWORD="$POSTGRES_PASSWORD" exec psql -h 127.0.0.1 -U postgres -qAtd "$0" -c "$1"'
  return stage.kubectl(['exec', 'statefulset/database', '--', 'sh', '-c', script, database, sql])
}

/** Removes a release of that size, whole or half made. */
export async function closeSized(megabytes: number): Promise<void> {
  await new Stage(namespaceOf(megabytes), ground()).close()
}

function namespaceOf(megabytes: number): string {
  return `bench-${megabytes}mb`
}

async function timed(
  stage: Stage,
  args: readonly string[],
): Promise<{ startedMs: number; ms: number; stdout: string }> {
  const startedMs = Date.now()
  const { code, stderr, stdout, ms } = await stage.scalardl(args, { timeoutMs: 900_000 })
  if (code !== 0) throw new Error(`kubectl scalardl ${args.join(' ')} ended with exit code ${code}: ${stderr}`)
  return { startedMs, ms, stdout }
}

/** Takes a backup; what it took is from the record and the clock outside. */
export async function timeBackup({ stage }: SizedRelease, name: string): Promise<Parts> {
  // A single database is consistent without a pause.
  const run = await timed(stage, ['backup', 'my', '--to', location, '--name', name, '--pause', 'always'])
  return partsOfBackup(await recordOf(stage, `backup-${name}`), run)
}

/** Restores a backup over the release that it is of, then removes what was in service before. */
export async function timeRestore({ stage, database }: SizedRelease, name: string): Promise<Parts> {
  const admin = database === 'postgresql' ? ['--database-secret', 'database-admin'] : []
  const run = await timed(stage, ['restore', name, '--name', name, ...admin, '--yes'])
  const parts = partsOfRestore(await recordOf(stage, `restore-${name}`), run)
  await timed(stage, ['restore', `restore-${name}`, '--drop-previous', ...admin, '--yes'])
  return parts
}

/** So that the volume holds one backup at a time, however many rounds there are. */
export async function forget({ stage }: SizedRelease, name: string): Promise<void> {
  await timed(stage, ['delete', 'backup', name, '--yes'])
}
