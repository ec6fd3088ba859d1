import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Failure } from '../../operation/failure.ts'
import { makeTestClass } from '../test-class.ts'
import { clusterName, prepareGround, type Ground } from './stage/ground.ts'
import { environmentOf } from './stage/stage.ts'

/**
 * Prepares a cluster, the images and the executable, then runs the end-to-end tests, three at a time since most of
 * their time is waiting. Arguments that are no options name test files; without any all run but the fault matrix, which
 * breaks its cluster (faults/run.ts).
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    context: { type: 'string' },
    kubeconfig: { type: 'string' },
    'image-load': { type: 'string' },
    registry: { type: 'string' },
    /** leaves the local cluster running, so that the next run begins at once */
    keep: { type: 'boolean', default: false },
  },
})

function runTests(ground: Ground): Promise<number> {
  const files =
    positionals.length > 0
      ? positionals
      : globSync('test/end-to-end/**/*.test.ts', { exclude: ['test/end-to-end/faults'] }).sort()
  if (files.length === 0) throw new Error('there are no end-to-end tests')
  makeTestClass()
  const child = spawn('tap', ['run', '--jobs=3', '--timeout=1200', '--reporter=tap', ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...environmentOf(ground) },
  })
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (status) => resolve(status ?? 1)))
}

try {
  const { 'image-load': imageLoad, keep, ...target } = values
  const ground = await prepareGround({ ...target, imageLoad, cluster: clusterName, nodes: 2 })
  process.exitCode = await runTests(ground).finally(() => (keep ? undefined : ground.down()))
} catch (error) {
  // Not able to run is a failure of the tests, never a reason to pass without them.
  const text = error instanceof Failure ? `${error.what}\n  why: ${error.why}\n  next: ${error.next}` : String(error)
  process.stderr.write(`the end-to-end tests could not run: ${text}\n`)
  process.exitCode = 1
}
