import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../operation/failure.ts'
import { startMysql } from '../test/stand-ins/mysql/local-server.ts'
import { startPostgresql } from '../test/stand-ins/postgresql/local-server.ts'
import { mysqlWays, postgresqlWays, type Way } from './dumps/ways.ts'
import { formatRows } from './figures/report.ts'
import { spreadOf, type Spread } from './figures/statistics.ts'

/**
 * How fast are dumps and loads beside the tools that others use? All to the same server and the same folder, in turns.
 */
const { values } = parseArgs({
  options: {
    /** of rows, MB */
    size: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    parallel: { type: 'string', default: '2' },
    /** postgresql or mysql; both unless given */
    database: { type: 'string' },
    json: { type: 'string' },
  },
})

const tables = 4
const bytesPerRow = 500
/** The tools are of it as well, and speak to older ones with settings that those do not know. */
const newest = 18

interface Measured {
  title: string
  parts: Map<string, { values: number[]; mebibytes: number }>
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Each way dumps, and loads what it dumped, once a round; the first round does not count. */
async function measure(ways: readonly Way[], folder: string, rounds: number): Promise<Measured[]> {
  const measured = ways.map(({ title }): Measured => ({ title, parts: new Map() }))
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, way] of ways.entries()) {
      const own = await mkdtemp(join(folder, 'dump-'))
      const parts = { ...(await way.dump(own)), ...(await way.load(own)) }
      await rm(own, { recursive: true })
      await rm(`${own}.entry.json`, { force: true })
      say(`${way.title}, ${round === 0 ? 'warm-up' : `round ${round}`}`)
      if (round === 0) continue
      for (const [name, { ms, mebibytes }] of Object.entries(parts)) {
        const known = measured[index]?.parts.get(name) ?? { values: [], mebibytes: 0 }
        known.values.push(ms)
        known.mebibytes = Math.max(known.mebibytes, mebibytes)
        measured[index]?.parts.set(name, known)
      }
    }
  }
  return measured
}

/** A row for each way: how long, how fast, how much memory, and how many times the first. */
function report(title: string, megabytes: number, measured: readonly Measured[]): string {
  const rate = ({ median }: Spread) => `${Math.round(megabytes / (median / 1000))} MB/s`
  const names = [...new Set(measured.flatMap(({ parts }) => [...parts.keys()]))]
  const rows = measured.map(({ title: way, parts }) => [
    way,
    ...names.flatMap((name) => {
      const part = parts.get(name)
      // What ours does not do apart stands beside the whole of it.
      const first = measured[0]?.parts.get(name) ?? measured[0]?.parts.get('load')
      if (part === undefined || first === undefined) return ['-', '-', '-']
      const [spread, own] = [spreadOf(part.values), spreadOf(first.values)]
      const times = `${(spread.median / own.median).toFixed(2)}×`
      return [`${(spread.median / 1000).toFixed(2)} s, ${rate(spread)}`, times, `${Math.round(part.mebibytes)} MiB`]
    }),
  ])
  return formatRows([[title, ...names.flatMap((name) => [name, 'times ours', 'memory'])], ...rows])
}

async function main(): Promise<void> {
  const [size, rounds, parallel] = [values.size, values.rounds, values.parallel].map(Number)
  if (![size, rounds, parallel].every((number) => Number.isInteger(number) && Number(number) > 0))
    throw new RangeError('--size, --rounds and --parallel are whole numbers')
  const [megabytes = 0, turns = 0, sessions = 0] = [size, rounds, parallel]
  const rows = Math.ceil((megabytes * 1_000_000) / bytesPerRow / tables)
  const folder = await mkdtemp(join(tmpdir(), 'dumps-'))
  const document: Record<string, unknown> = { measuredAt: new Date().toISOString(), unit: 'ms' }
  try {
    for (const database of ['postgresql', 'mysql'] as const) {
      if (values.database !== undefined && values.database !== database) continue
      const fill = { rows, tables, sessions }
      await using server =
        database === 'mysql' ? await startMysql(['--innodb-buffer-pool-size=256M']) : await startPostgresql([], newest)
      const ways = 'superuser' in server ? await postgresqlWays(server, fill) : await mysqlWays(server, fill)
      const measured = await measure(ways, folder, turns)
      process.stdout.write(`${report(`${database.toUpperCase()}, ${megabytes} MB`, megabytes, measured)}\n`)
      document[database] = measured.map(({ title, parts }) => ({
        title,
        ...Object.fromEntries([...parts].map(([name, part]) => [name, spreadOf(part.values)])),
      }))
    }
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(document, null, 2)}\n`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
})
