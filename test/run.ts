// Room: all tests of the project, in the order that leaves no core idle.
// Read run, part, counts and summary (how they are counted).

import { parseArgs } from 'node:util'
import { runPart, type Part } from './part.ts'
import { summaryOf } from './summary.ts'

/**
 * `npm test`, and with `--all` what is run before a release as well. All parts run even when an earlier one failed, and
 * the closing line counts them all. What the end-to-end tests need is compiled and built beside the checks and the unit
 * tests, which mostly wait; tests of the guard are about time and run once that is done. End-to-end tests and the fault
 * matrix share a cluster: the matrix comes last, since it breaks it.
 */
const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } })
const tests = (title: string, ...command: string[]): Part => ({ title, command, counted: 'tests' })
const check = (title: string, ...command: string[]): Part => ({ title, command, counted: 'check' })

const building = check('cluster, plugin and images', 'nice', 'node', 'test/end-to-end/build.ts')
const besides = [
  check('types', 'tsc'),
  check('lint', 'oxlint', '--deny-warnings'),
  check('layout', 'oxfmt', '--check', '.'),
  tests('unit', 'node', 'test/unit/run.ts', '--lane', 'waiting'),
]
const afterwards = [
  tests('krew', 'tap', 'run', '--timeout=600', '--reporter=tap', 'test/release/krew.test.ts'),
  tests('guard', 'node', 'test/unit/run.ts', '--lane', 'timing'),
  tests('end to end', 'node', 'test/end-to-end/run.ts', '--keep'),
  tests('faults', 'node', 'test/end-to-end/faults/run.ts', ...(values.all ? [] : ['--essential'])),
]
const dynamodbRestores = 'test/unit/job/databases/dynamodb/restore'
/** What kills workers in so many places that `npm test` tries every fourth. */
const kills = [
  'test/unit/job/operations/backup-killed.test.ts',
  `${dynamodbRestores}/beside/restore-beside-walk.test.ts`,
  `${dynamodbRestores}/in-place/restore-in-place-walk.test.ts`,
]
/** Minutes each, and on clusters of their own. */
const beforeRelease = [
  tests('release', 'tap', 'run', '--timeout=3600', '--reporter=tap', 'test/release/release.test.ts'),
  check('mutations', 'node', 'test/mutations/run.ts'),
  tests('PostgreSQL versions', 'node', 'test/postgresql-versions.ts'),
  tests('MySQL and MariaDB', 'node', 'test/mysql-versions.ts'),
  tests('kills', 'env', 'KILLED_AT=every write', 'tap', 'run', '--timeout=900', '--reporter=tap', ...kills),
  tests('Cassandra', 'npm', 'run', '--silent', 'test:cassandra'),
  check('quickstart', 'node', 'test/quickstart/main.ts'),
  check('end of the quickstart', 'node', 'test/quickstart/main.ts', '--down'),
  ...['pause-and-size', 'endpoints', 'start', 'dynamodb'].map((name) => check(name, 'node', `bench/${name}.ts`)),
]

const say = (text: string) => process.stdout.write(text)
let said = ''
const built = runPart(building, (text) => (said += text))
const results = []
for (const part of besides) results.push(await runPart(part, say))
const ground = await built
say(said)
for (const part of [...afterwards, ...(values.all ? beforeRelease : [])]) results.push(await runPart(part, say))
results.unshift(ground)
say(summaryOf(results))
process.exitCode = results.every(({ counts }) => counts.failed === 0) ? 0 : 1
