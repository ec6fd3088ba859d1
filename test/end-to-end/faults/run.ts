import { spawn } from 'node:child_process'
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { distFolder } from '../../../build/project.ts'
import { Failure } from '../../../operation/failure.ts'
import { makeTestClass } from '../../test-class.ts'
import { clusterName, prepareGround } from '../stage/ground.ts'
import { environmentOf } from '../stage/stage.ts'
import { readResults, resultsVariable, tableOf } from './results.ts'

/**
 * The fault matrix, on the cluster of the end-to-end tests, whose second node it breaks: first the faults of single
 * pods, three files at a time, then those of nodes and of the control plane, one at a time. Prints a table of what
 * every case came to, and keeps it as JSON. Arguments that are no options are patterns of the cases to run, such as
 * `worker/killed`; without any all run.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** leaves the cluster running, so that the next run begins at once */
    keep: { type: 'boolean', default: false },
    /** where the results go */
    json: { type: 'string', default: join(distFolder, 'faults.json') },
    /** runs one case of every kind, as npm test does */
    essential: { type: 'boolean', default: false },
  },
})
/** Each who may die, in each phase, and each way of being cut off, once. */
const essential = [
  'worker/killed-before',
  'worker/out-of-memory-paused',
  'worker/retried',
  'dump/deleted-dumping',
  'guard/killed',
  'guard/both-killed',
  'guard/worker-hung',
  'ledger/killed',
  'ledger/unpause-fails',
  'plugin/killed-making',
  'plugin/racing',
  'clock/ahead-before',
  'control-plane/api-server-and-worker',
  'nodes/power-paused',
]
makeTestClass()
const patterns = values.essential ? essential.map((name) => `^${name}$`) : positionals
const results = join(distFolder, 'faults')
const rounds = [
  { files: 'test/end-to-end/faults/pods/*.test.ts', jobs: 3 },
  { files: 'test/end-to-end/faults/cluster/*.test.ts', jobs: 1 },
]

function runTests(pattern: string, jobs: number, environment: NodeJS.ProcessEnv): Promise<number> {
  const files = globSync(pattern)
    .filter((file) => patterns.length === 0 || patterns.some((one) => mayHold(file, one)))
    .sort()
  if (files.length === 0) return Promise.resolve(0)
  const child = spawn('tap', ['run', `--jobs=${jobs}`, '--timeout=900', '--reporter=tap', ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  })
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (status) => resolve(status ?? 1)))
}

/** Whether a file has cases of such a name: before a slash its own stands whole. */
function mayHold(file: string, pattern: string): boolean {
  const [group = '', ...name] = pattern.replace(/^\^/, '').split('/')
  const own = basename(file, '.test.ts')
  return name.length > 0 ? own === group : own.includes(group)
}

try {
  const ground = await prepareGround({ cluster: clusterName, nodes: 2 })
  rmSync(results, { recursive: true, force: true })
  mkdirSync(results, { recursive: true })
  const environment = {
    ...environmentOf(ground),
    [resultsVariable]: results,
    SCALARDL_TEST_FAULT: patterns.join('|'),
  }
  try {
    for (const { files, jobs } of rounds)
      process.exitCode = Math.max(Number(process.exitCode ?? 0), await runTests(files, jobs, environment))
  } finally {
    const found = readResults(results)
    if (found.length === 0) process.exitCode = 1
    mkdirSync(dirname(values.json), { recursive: true })
    writeFileSync(values.json, `${JSON.stringify(found, null, 2)}\n`)
    process.stdout.write(`\n${tableOf(found).replaceAll(/^/gm, '# ')}\n# kept in ${values.json}\n`)
    if (!values.keep) await ground.down()
  }
} catch (error) {
  // Not able to run is a failure of the tests, never a reason to pass without them.
  const text = error instanceof Failure ? `${error.what}\n  why: ${error.why}\n  next: ${error.next}` : String(error)
  process.stderr.write(`the fault matrix could not run: ${text}\n`)
  process.exitCode = 1
}
