import { chmodSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { runTool } from '../../../../../job/databases/postgresql/tools.ts'
import { failureOf } from '../../failure-of.ts'

t.test('a tool that tells of an error has failed, whatever its exit code', async (t) => {
  const folder = t.testdir()
  const tool = join(folder, 'pg_dump')
  const { signal } = new AbortController()
  const run = (lines: string, exitCode: number) => {
    writeFileSync(tool, `#!/bin/sh\ncat >&2 <<'END'\n${lines}\nEND\necho done\nexit ${exitCode}\n`)
    chmodSync(tool, 0o755)
    const env = { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` }
    return runTool('pg_dump', [], env, 'the dump of postgresql://db', signal)
  }
  t.equal(await run('pg_dump: warning: there are circular foreign-key constraints', 0), 'done\n')
  t.equal(await run('pg_dump: detail: no "pg_dump: error: " of its own', 0), 'done\n')
  for (const exitCode of [0, 1])
    t.match(
      await failureOf(
        run('pg_dump: warning: something\npg_dump: error: query failed: ERROR:  out of memory', exitCode),
      ),
      { what: 'the dump of postgresql://db failed', why: 'query failed: ERROR:  out of memory' },
      `exit code ${exitCode}`,
    )
})
