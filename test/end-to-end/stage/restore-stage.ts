import { setTimeout as sleep } from 'node:timers/promises'
import type { JournalDocument } from '../../../operation/journal.ts'
import type { Verdict } from '../../stand-ins/ledger/data/verdict.ts'
import { until } from './gates.ts'
import { openLedgerStage, passwords, type LedgerStage } from './ledger-stage.ts'
import { backupOf, recordOf, rowsOf } from './records.ts'
import type { Stage } from './stage.ts'
import { stopWriters } from './writers.ts'

/**
 * A release with a backup named `point` whose data was damaged since, and that no longer writes, so that every check is
 * exact.
 */
export interface RestoreStage extends LedgerStage {
  /** transfers at the restore point */
  transfers: number
  /** what the damaged data looks like */
  damaged: Verdict
}

export async function openRestoreStage(namespace: string, fillMb: number): Promise<RestoreStage> {
  const ledger = await openLedgerStage(namespace, { standIn: { STAND_IN_FILL_MB: String(fillMb) } })
  const { stage, deployment } = ledger
  await stage.succeeds(['backup', 'my', '--to', 'pvc://backups/ledger', '--name', 'point'])
  await damage(ledger)
  await stopWriters(stage, deployment)
  const transfers = rowsOf(backupOf(await recordOf(stage, 'backup-point')), 'checking', 'transfer') ?? 0
  return { ...ledger, transfers, damaged: await stage.check(deployment) }
}

export async function damage({ stage, deployment }: LedgerStage): Promise<void> {
  await stage.kubectl(['exec', deployment, '--', 'node', '/app/main.mjs', 'damage'])
}

export async function replicasOf({ stage, deployment }: LedgerStage): Promise<number> {
  const { spec } = await stage.get<{ spec: { replicas: number } }>([deployment])
  return spec.replicas
}

/** Asks the server itself, as its superuser. @returns one line a row */
export async function psql(stage: Stage, sql: string, database = 'postgres'): Promise<string[]> {
  const url = `postgresql://postgres:${encodeURIComponent(passwords.superuser)}@127.0.0.1/${database}`
  const output = await stage.kubectl([
    'exec',
    'database-0',
    '--',
    'psql',
    url,
    '--no-psqlrc',
    '--tuples-only',
    '--no-align',
    `--command=${sql}`,
  ])
  return output.split('\n').filter((line) => line !== '')
}

/** The databases of the release and what restores made beside them. */
export function databases(stage: Stage): Promise<string[]> {
  return psql(stage, "SELECT datname FROM pg_database WHERE datname LIKE 'ledger%' ORDER BY 1")
}

/**
 * A session of the superuser, whom nobody else may send away, that comes back whenever it ends; until the returned
 * function is called.
 */
export async function occupy(stage: Stage, database: string): Promise<() => Promise<void>> {
  const leaving = new AbortController()
  const staying = (async () => {
    while (!leaving.signal.aborted) {
      await psql(stage, "SET application_name = 'stays'; SELECT pg_sleep(120)", database).catch(() => undefined)
      await sleep(100)
    }
  })()
  const sessions = () => psql(stage, "SELECT pid FROM pg_stat_activity WHERE application_name = 'stays'")
  await until(`somebody is connected to ${database}`, async () => (await sessions()).length > 0)
  return async () => {
    leaving.abort()
    await psql(stage, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stays'")
    await staying
  }
}

/** Waits until the journal of an operation shows that a step was begun whose name begins like this. */
export async function untilBegun(stage: Stage, operation: string, step: string): Promise<void> {
  await until(`${operation} has begun to ${step}`, async () => {
    const maps = await stage.get<{ items: { data?: Record<string, string> }[] }>([
      'configmaps',
      '-l',
      `kubectl-scalardl.dev/operation=${operation},kubectl-scalardl.dev/part=journal`,
    ])
    const json = maps.items[0]?.data?.['journal.json']
    return json !== undefined && (JSON.parse(json) as JournalDocument).steps.some(({ name }) => name.startsWith(step))
  })
}
