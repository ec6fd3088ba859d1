import { Failure } from '../../../operation/failure.ts'
import type { Finding } from '../../../operation/finding.ts'
import { measureExactClock } from '../../clocks/measure-exact-clock.ts'
import type { ClockMeasurement } from '../../clocks/measure-clock.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { accessOf as mysqlAccessOf } from '../mysql/access.ts'
import { connect as connectMysql } from '../mysql/connect.ts'
import { accessOf as postgresqlAccessOf } from '../postgresql/access.ts'
import { connect as connectPostgresql } from '../postgresql/connect.ts'
import { isPostgresql } from './server.ts'

/**
 * Measures the clock of a database server, which stamps the transactions that a restore goes by
 * (PostgreSQL: recovery_target_time; MySQL: mysqlbinlog --stop-datetime). Logged in as the release, or as the database
 * secret says.
 * @returns undefined where nothing consistent came
 * @throws Failure where nobody can log in; the signal's reason
 */
export async function measureServerClock(
  settings: readonly StorageSettings[],
  signal: AbortSignal,
): Promise<ClockMeasurement | undefined> {
  const [first] = settings
  if (first === undefined) throw new Error('a database without storages')
  return isPostgresql(first) ? await measurePostgresql([first], signal) : await measureMysql([first], signal)
}

/** As measureServerClock(), for a pause that goes on without it: undefined as well where nobody can log in. */
export async function measureIfReached(
  settings: readonly StorageSettings[],
  signal: AbortSignal,
): Promise<ClockMeasurement | undefined> {
  try {
    return await measureServerClock(settings, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Failure) return undefined
    throw error
  }
}

/** The server's clock decides the point: without it the pause is longer, and its middle only likely to be right. */
export async function checkServerClock(
  title: string,
  settings: readonly StorageSettings[],
  signal: AbortSignal,
): Promise<Finding> {
  const check = { check: "server's clock", subject: title }
  const warning = (why: string): Finding => ({
    ...check,
    outcome: 'warning',
    message: `it cannot be measured: ${why}`,
    cure: 'let the worker log in to the database; else the pause is held for 10 s, and its middle taken',
  })
  try {
    const measured = await measureServerClock(settings, signal)
    if (measured === undefined) return warning('its answers contradict each other')
    return { ...check, outcome: 'ok', message: `${measured.lowMs} to ${measured.highMs} ms ahead of the worker's` }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Failure)) throw error
    return warning(error.why)
  }
}

async function measurePostgresql(
  settings: readonly StorageSettings[],
  signal: AbortSignal,
): Promise<ClockMeasurement | undefined> {
  const { client } = await connectPostgresql(postgresqlAccessOf(settings))
  try {
    const ask = async () => {
      const { rows } = await client.query<{ ms: number }>(
        'SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::float8 AS ms',
      )
      return rows[0]?.ms ?? Number.NaN
    }
    return await measureExactClock(ask, { signal })
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function measureMysql(
  settings: readonly StorageSettings[],
  signal: AbortSignal,
): Promise<ClockMeasurement | undefined> {
  const { session } = await connectMysql(mysqlAccessOf(settings))
  try {
    const ask = async () => {
      const [row] = await session.query<{ seconds: string }>('SELECT UNIX_TIMESTAMP(SYSDATE(6)) AS seconds')
      return Number(row?.seconds) * 1000
    }
    return await measureExactClock(ask, { signal })
  } finally {
    await session.end().catch(() => undefined)
  }
}
