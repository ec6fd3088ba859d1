import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bundleProgram } from '../build/bundle/bundle.ts'
import { messageOf } from '../operation/failure.ts'
import type { Task, Way } from './endpoints-worker.ts'
import type { Parts } from './figures/phases.ts'
import { formatRows } from './figures/report.ts'
import { formatRatio, formatSpread, spreadOf, type Spread } from './figures/statistics.ts'

/** What it costs to pause and unpause many endpoints at once, with a guard and without, and in plainer ways. */
const { values } = parseArgs({
  options: {
    endpoints: { type: 'string', default: '1,10,50,100,200' },
    rounds: { type: 'string', default: '7' },
    /** ms that the pause is held */
    hold: { type: 'string', default: '200' },
    /** ms that the servers take to finish requests in flight, in the comparison of the ways */
    drain: { type: 'string', default: '20' },
    json: { type: 'string' },
  },
})

const longestMs = 60_000

function program(name: string, args: readonly string[] = []): ChildProcess {
  return fork(resolve(import.meta.dirname, name), [...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}

/** What a process has to say. @throws Error where it ends, or takes too long, without a word */
async function wordOf<T>(child: ChildProcess): Promise<T> {
  const settled = new AbortController()
  const until = AbortSignal.any([settled.signal, AbortSignal.timeout(longestMs)])
  try {
    const said = once(child, 'message', { signal: until }) as Promise<[T]>
    const gone = once(child, 'exit', { signal: until }).then(() =>
      Promise.reject(new Error('a process of the measurement ended before its time')),
    )
    const [word] = await Promise.race([said, gone])
    return word
  } catch (error) {
    child.kill()
    throw error
  } finally {
    settled.abort()
  }
}

interface Servers {
  ports: number[]
  stop(): Promise<void>
}

async function startServers(count: number, drainMs: number): Promise<Servers> {
  const child = program('endpoints-servers.ts', [String(count), String(drainMs)])
  const exited = once(child, 'exit')
  const { ports } = await wordOf<{ ports: number[] }>(child)
  return {
    ports,
    async stop() {
      child.disconnect()
      await exited
    },
  }
}

/** What of a task is measured, by the programs that are the same for all. */
type Measured = Omit<Task, 'guard'>

/** Bundled as the worker and the guard are in the images: what memory they take depends on it. */
const programs = Promise.all([
  bundleProgram('bench/endpoints-worker.ts', 'bench-worker'),
  bundleProgram('test/unit/job/guard/guard-process.ts', 'bench-guard'),
]).then(([[worker], [guard]]) => ({ worker, guard }))

/** One measurement in a process of its own, as cold as a worker is when its pause comes. */
async function measureOnce(task: Measured): Promise<Parts> {
  const { worker, guard } = await programs
  const child = program(worker)
  const exited = once(child, 'exit')
  child.send({ ...task, guard } satisfies Task)
  const parts = await wordOf<Parts>(child)
  await exited
  return parts
}

type Spreads = Record<string, Spread>

/**
 * Several tasks in turns, so that whatever else this machine does meets all of them alike; the first round does not
 * count.
 */
async function measure(tasks: readonly Measured[], rounds: number): Promise<Spreads[]> {
  const measured = tasks.map((): Parts[] => [])
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, task] of tasks.entries()) {
      const parts = await measureOnce(task)
      if (round > 0) measured[index]?.push(parts)
    }
  }
  return measured.map((rows) =>
    Object.fromEntries(
      Object.keys(rows[0] ?? {}).map((name) => [name, spreadOf(rows.map((row) => row[name] ?? Number.NaN))]),
    ),
  )
}

const columns = ['guard takes hold', 'pause', 'unpause', 'above the hold', 'CPU in the pause', 'CPU in all']

/** What was measured of so many endpoints, with a guard and without. */
interface Counted {
  endpoints: number
  guarded: Spreads
  unguarded: Spreads
}

function rowOf(endpoints: number, guard: string, measured: Spreads, than: Spreads): string[] {
  const [own, other] = [measured['above the hold'], than['above the hold']]
  return [
    String(endpoints),
    guard,
    ...columns.map((name) => (measured[name] === undefined ? '-' : formatSpread(measured[name]))),
    ...['memory', "guard's"].map((name) =>
      measured[name] === undefined ? '-' : `${Math.round(measured[name].median)} MiB`,
    ),
    `${((own?.median ?? Number.NaN) / endpoints).toFixed(2)} ms`,
    own === undefined || other === undefined ? '-' : formatRatio(own, other),
  ]
}

function tableOfCounts(counted: readonly Counted[], rounds: number): string {
  const rows = counted.flatMap(({ endpoints, guarded, unguarded }) => [
    rowOf(endpoints, 'yes', guarded, unguarded),
    rowOf(endpoints, 'no', unguarded, unguarded),
  ])
  const head = ['ENDPOINTS', 'GUARD', ...columns, 'memory', "guard's", 'for each', 'than without']
  return `${formatRows([head, ...rows])}median of ${rounds} (min–max)\n`
}

async function measureCounts(counts: readonly number[], holdMs: number, rounds: number): Promise<Counted[]> {
  const servers = await startServers(Math.max(...counts), 0)
  const ways: readonly Way[] = ['worker', 'worker without a guard']
  const tasks = counts.flatMap((count) => ways.map((way) => ({ way, ports: servers.ports.slice(0, count), holdMs })))
  const spreads = await measure(tasks, rounds).finally(() => servers.stop())
  return counts.map((endpoints, index) => {
    const [guarded = {}, unguarded = {}] = spreads.slice(2 * index)
    return { endpoints, guarded, unguarded }
  })
}

const ways: readonly Way[] = ['worker', 'worker without a guard', 'connecting with the call', 'one after another']

function tableOfWays(title: string, spreads: readonly Spreads[]): string {
  const own = spreads[0]?.['pause']
  const rows = spreads.flatMap(({ pause }, index) =>
    pause === undefined || own === undefined ? [] : [[ways[index] ?? '', formatSpread(pause), formatRatio(pause, own)]],
  )
  return formatRows([[title, 'pause', 'times'], ...rows])
}

async function compareWays(count: number, drainMs: number, holdMs: number, rounds: number): Promise<Spreads[]> {
  const servers = await startServers(count, drainMs)
  try {
    return await measure(
      ways.map((way) => ({ way, ports: servers.ports, holdMs })),
      rounds,
    )
  } finally {
    await servers.stop()
  }
}

async function main(): Promise<void> {
  const [rounds = 0, holdMs = 0, drainMs = 0] = [values.rounds, values.hold, values.drain].map(Number)
  const counts = values.endpoints.split(',').map(Number)
  if (![rounds, holdMs, ...counts].every((number) => Number.isInteger(number) && number > 0))
    throw new RangeError('--rounds, --hold and --endpoints are whole numbers')
  const counted = await measureCounts(counts, holdMs, rounds)
  process.stdout.write(`${tableOfCounts(counted, rounds)}\n`)

  const compared = Math.min(100, Math.max(...counts))
  const documents: Record<string, unknown> = {
    counts: counted.map(({ endpoints, guarded, unguarded }) => ({ endpoints, ...unguarded, guarded })),
  }
  for (const each of [0, drainMs]) {
    const spreads = await compareWays(compared, each, holdMs, rounds)
    const title = `${compared} ENDPOINTS, ${each === 0 ? 'idle' : `${each} ms to drain`}`
    process.stdout.write(`${tableOfWays(title, spreads)}\n`)
    documents[title] = ways.map((way, index) => ({ way, ...spreads[index] }))
  }
  if (values.json !== undefined)
    await writeFile(
      values.json,
      `${JSON.stringify({ measuredAt: new Date().toISOString(), unit: 'ms', ...documents }, null, 2)}\n`,
    )
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
})
