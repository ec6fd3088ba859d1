// Room: tests with real Cassandra and real Medusa: first as processes of this machine, then as pods of a cluster.
// Read run, real-ring.test, full-disk.test, in-the-cluster.test.

import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { buildCassandraImage, cassandraImage } from '../stand-ins/cassandra-image/image.ts'
import { Failure } from '../../operation/failure.ts'
import { prepareGround } from '../end-to-end/stage/ground.ts'
import { environmentOf } from '../end-to-end/stage/stage.ts'
import { makeTestClass } from '../test-class.ts'
import { cassandraImageVariable } from './ring-stage.ts'

/**
 * `npm run test:cassandra`: prepares a cluster of its own with all images, then runs the tests, one after the other.
 * Arguments that are no options name test files.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** leaves the cluster running, so that the next run begins at once */
    keep: { type: 'boolean', default: false },
  },
})
const inCluster = 'test/cassandra/in-the-cluster.test.ts'
const files =
  positionals.length > 0
    ? positionals
    : ['test/cassandra/real-ring.test.ts', 'test/cassandra/full-disk.test.ts', inCluster]

function runTests(environment: Record<string, string>): Promise<number> {
  makeTestClass()
  const child = spawn('tap', ['run', '--jobs=1', '--timeout=1800', '--reporter=tap', ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  })
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (status) => resolve(status ?? 1)))
}

async function runInCluster(): Promise<number> {
  const ground = await prepareGround({ cluster: 'cassandra' })
  try {
    const image = await ground.load(cassandraImage, await buildCassandraImage())
    return await runTests({ ...environmentOf(ground), [cassandraImageVariable]: image })
  } finally {
    if (!values.keep) await ground.down()
  }
}

try {
  process.exitCode = files.includes(inCluster) ? await runInCluster() : await runTests({})
} catch (error) {
  // Not able to run is a failure of the tests, never a reason to pass without them.
  const text = error instanceof Failure ? `${error.what}\n  why: ${error.why}\n  next: ${error.next}` : String(error)
  process.stderr.write(`the tests of Cassandra could not run: ${text}\n`)
  process.exitCode = 1
}
