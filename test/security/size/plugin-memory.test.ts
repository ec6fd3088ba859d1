import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

t.test('a deletion and a restore look through more records than fit into memory', async (t) => {
  const script = join(import.meta.dirname, 'read-many-records.ts')
  // Every hundredth of 10,000 has 900 KiB: 92 MB as text alone.
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=64', script])
  t.strictSame(JSON.parse(stdout), { deletion: 'backup-7', unproven: true, ending: 10 })
})
