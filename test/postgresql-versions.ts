import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { majors } from './stand-ins/postgresql/binaries.ts'

/**
 * `npm run test:postgresql-versions`: everything that backup and restore do with PostgreSQL, on a real server of each
 * major version, and from each to all newer ones. Some minutes a version; `npm test` does it with one.
 */
const files = ['conformance', 'postgresql', 'versions'].map(
  (name) => `test/unit/job/databases/postgresql/${name}.test.ts`,
)

const failed: number[] = []
for (const major of majors) {
  process.stdout.write(`\n== PostgreSQL ${major}\n`)
  const child = spawn('tap', ['run', '--jobs=1', '--timeout=900', '--reporter=tap', ...files], {
    stdio: 'inherit',
    env: { ...process.env, POSTGRESQL_MAJOR: String(major) },
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) failed.push(major)
}
process.stdout.write(
  failed.length === 0
    ? `\nPostgreSQL ${majors.join(', ')}: all passed\n`
    : `\nfailed with PostgreSQL ${failed.join(', ')}\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1
