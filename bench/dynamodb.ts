import { RestoreTableToPointInTimeCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { formatDuration } from '../operation/duration.ts'
import { lookAtTable } from '../job/databases/dynamodb/tables/look-at-table.ts'
import { scaleRates } from '../job/aws/rate-limits.ts'
import { openBenchTables, type BenchTables } from './ground/dynamodb-tables.ts'
import { formatRows } from './figures/report.ts'

/**
 * How long it takes to restore 1, 8, 40, 200 tables: all at once as the worker does, and one after another as the
 * script of ScalarDL's first backup guide does, on the same stand-in with the same phases. All times are scaled by one
 * factor: AWS's phases and rates, the worker's looks and the script's.
 */
const { values } = parseArgs({
  options: {
    tables: { type: 'string', default: '1,8,40,200' },
    /** how much faster than AWS everything is */
    scale: { type: 'string', default: '100' },
    /** minutes that AWS takes to restore a table */
    restore: { type: 'string', default: '10' },
    /** most tables that the script is really run for; beyond, it takes as long for each */
    script: { type: 'string', default: '200' },
    json: { type: 'string' },
  },
})

const minuteMs = 60_000
const concurrentRestores = 50

interface Result {
  tables: number
  /** ms, as it would be at AWS */
  together: number
  script: number
  bound: number
}

/** `restore_dynamo.sh`: asks for one table, looks every 60 s until it is ACTIVE, then for the next. */
async function script(
  client: DynamoDBClient,
  { names, at }: BenchTables,
  count: number,
  prefix: string,
  lookMs: number,
): Promise<number> {
  const startedMs = performance.now()
  for (const name of names.slice(0, count)) {
    await client.send(
      new RestoreTableToPointInTimeCommand({
        SourceTableName: name,
        TargetTableName: prefix + name,
        UseLatestRestorableTime: false,
        RestoreDateTime: at,
      }),
    )
    while ((await lookAtTable(client, prefix + name))?.TableStatus !== 'ACTIVE') await sleep(lookMs)
  }
  return performance.now() - startedMs
}

async function measure(tables: BenchTables, count: number, scale: number, alone: number | undefined): Promise<Result> {
  const together = (await tables.restore(count, `all${count}-`)) * scale
  const limit = Number(values.script)
  const run = Math.min(count, limit)
  const sequential =
    (await script(tables.client, tables, run, `script${count}-`, minuteMs / scale)) * scale * (count / run)
  // One table's whole chain, as often as AWS's limit of restores makes tables wait for others.
  const bound = (alone ?? together) * Math.ceil(count / concurrentRestores)
  return { tables: count, together, script: sequential, bound }
}

const scale = Number(values.scale)
const counts = values.tables.split(',').map(Number)
scaleRates(scale)
const tables = await openBenchTables(Math.max(...counts), {
  restoreMs: (Number(values.restore) * minuteMs) / scale,
  scale,
})
try {
  const results: Result[] = []
  for (const count of counts) {
    const result = await measure(tables, count, scale, results.find((one) => one.tables === 1)?.together)
    results.push(result)
    process.stderr.write(
      `${count} tables: ${formatDuration(result.together)}, one after another ${formatDuration(result.script)}\n`,
    )
  }
  const rows = results.map(({ tables: count, together, script: sequential, bound }) => [
    String(count),
    formatDuration(together),
    formatDuration(bound),
    `${(together / bound).toFixed(2)}×`,
    formatDuration(sequential),
    `${(sequential / together).toFixed(1)}×`,
  ])
  process.stdout.write(
    formatRows([
      ['tables', 'all at once', 'bound', 'all at once / bound', 'one after another', 'one after another / all at once'],
      ...rows,
    ]),
  )
  if (values.json !== undefined)
    await writeFile(
      values.json,
      `${JSON.stringify({ scale, restoreMinutes: Number(values.restore), results }, undefined, 2)}\n`,
    )
} finally {
  await tables.close()
}
