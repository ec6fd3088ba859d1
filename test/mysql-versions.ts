import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { serverNames } from './stand-ins/mysql/servers.ts'

/**
 * `npm run test:mysql-versions`: everything that backup and restore do with MySQL and MariaDB, on a real server of
 * each. About two minutes a server; `npm test` does it with one.
 */
const failed: string[] = []
for (const server of serverNames) {
  process.stdout.write(`\n== ${server}\n`)
  const files = 'test/unit/job/databases/mysql/*.test.ts'
  const child = spawn('tap', ['run', '--jobs=1', '--timeout=900', '--reporter=tap', files], {
    stdio: 'inherit',
    env: { ...process.env, MYSQL_SERVER: server },
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) failed.push(server)
}
process.stdout.write(
  failed.length === 0 ? `\n${serverNames.join(', ')}: all passed\n` : `\nfailed with ${failed.join(', ')}\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1
