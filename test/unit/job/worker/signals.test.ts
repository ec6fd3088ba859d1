import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { mounts } from '../../../../operation/request.ts'

/** Has the program wait for its request for ever, at its beginning, and say so. */
const waiting = `
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
const { readFile } = files
files.readFile = (path, ...more) => {
  if (path !== ${JSON.stringify(mounts.request)}) return readFile(path, ...more)
  setInterval(() => undefined, 60_000)
  process.stdout.write('waiting')
  return new Promise(() => undefined)
}
syncBuiltinESMExports()
`

for (const program of ['job/main.ts', 'job/guard-main.ts'])
  t.test(`${program} is not ended by SIGTERM, however often: it has to unpause first`, async (t) => {
    const file = resolve(import.meta.dirname, '../../../..', program)
    const preload = `--import=data:text/javascript,${encodeURIComponent(waiting)}`
    const child = spawn(process.execPath, [preload, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    for (const _ of [1, 2]) {
      child.kill('SIGTERM')
      await sleep(500)
      t.strictSame([child.exitCode, child.signalCode], [null, null])
    }
  })
