import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { distFolder } from '../../build/project.ts'
import { dynamodbLocalVariable } from '../stand-ins/aws/aws.ts'
import { ensureDynamodbLocal, startDynamodbLocal } from '../stand-ins/aws/dynamodb-local.ts'
import { makeTestClass } from '../test-class.ts'

/**
 * Runs unit tests and those of attacks: all, those of one lane, or the files that are named. Most of a test's time is
 * waiting, so several run at once; what asserts when something happens (`timing`) runs apart from them.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { lane: { type: 'string', default: 'all' } },
})
const timing = globSync('test/unit/**/guard/**/*.test.ts').sort()
const all = globSync('test/{unit,security}/**/*.test.ts').sort()
const lanes = new Map([
  ['waiting', [{ files: all.filter((file) => !timing.includes(file)), jobs: 4 }]],
  ['timing', [{ files: timing, jobs: 2 }]],
])
lanes.set('all', [...lanes.values()].flat())
const runs = positionals.length > 0 ? [{ files: positionals, jobs: 2 }] : (lanes.get(values.lane) ?? [])

makeTestClass()
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  // half of a short test's time is the compilation of what it imports
  NODE_COMPILE_CACHE: join(distFolder, 'compile-cache'),
}
// One for all of them: a start takes seconds of a processor.
const shared = positionals.length > 0 ? undefined : await startDynamodbLocal(await ensureDynamodbLocal())
if (shared !== undefined) environment[dynamodbLocalVariable] = shared.endpoint

function runTests(files: readonly string[], jobs: number): Promise<number> {
  if (files.length === 0) throw new Error(`there are no test files in the lane ${values.lane}`)
  const child = spawn('tap', ['run', `--jobs=${jobs}`, '--timeout=1200', '--reporter=tap', ...files], {
    stdio: 'inherit',
    env: environment,
  })
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (status) => resolve(status ?? 1)))
}

if (runs.length === 0) throw new Error(`there is no lane ${values.lane}`)
try {
  for (const { files, jobs } of runs)
    process.exitCode = Math.max(Number(process.exitCode ?? 0), await runTests(files, jobs))
} finally {
  await shared?.stop()
}
