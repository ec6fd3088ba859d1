import { openLedgerStage } from '../test/end-to-end/stage/ledger-stage.ts'
import { recordOf } from '../test/end-to-end/stage/records.ts'
import { ground, Stage } from '../test/end-to-end/stage/stage.ts'
import { partsOfBackup, partsOfRestore, type Parts } from './phases.ts'

/** A multi-storage release with data of a certain size. */
export interface SizedRelease {
  /** `1 GB` */
  title: string
  stage: Stage
  /** what the server itself says of both databases together */
  bytes: number
  seededMs: number
}

const location = 'pvc://backups/bench'

/** @param megabytes of ballast, 10^6 bytes each */
export async function openSized(megabytes: number): Promise<SizedRelease> {
  const title = megabytes < 1000 ? `${megabytes} MB` : `${megabytes / 1000} GB`
  const startedMs = Date.now()
  const { stage } = await openLedgerStage(namespaceOf(megabytes), { standIn: { STAND_IN_FILL_MB: String(megabytes) } })
  const seededMs = Date.now() - startedMs
  const size = `SELECT sum(pg_database_size(datname)) FROM pg_database WHERE datname IN ('ledger_a', 'ledger_b')`
  // Autovacuum would start on its own in the midst of the first rounds; pages not yet known to be visible are read
  // otherwise, too.
  for (const database of ['ledger_a', 'ledger_b']) await psql(stage, database, 'VACUUM ANALYZE')
  await psql(stage, 'postgres', 'CHECKPOINT')
  return { title, stage, bytes: Number(await psql(stage, 'postgres', size)), seededMs }
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
  const run = await timed(stage, ['backup', 'my', '--to', location, '--name', name])
  return partsOfBackup(await recordOf(stage, `backup-${name}`), run)
}

/** Restores a backup over the release that it is of, then removes what was in service before. */
export async function timeRestore({ stage }: SizedRelease, name: string): Promise<Parts> {
  const run = await timed(stage, ['restore', name, '--name', name, '--database-secret', 'database-admin', '--yes'])
  const parts = partsOfRestore(await recordOf(stage, `restore-${name}`), run)
  await timed(stage, ['restore', `restore-${name}`, '--drop-previous', '--database-secret', 'database-admin', '--yes'])
  return parts
}

/** So that the volume holds one backup at a time, however many rounds there are. */
export async function forget({ stage }: SizedRelease, name: string): Promise<void> {
  await timed(stage, ['delete', 'backup', name, '--yes'])
}
