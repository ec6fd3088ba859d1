import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'

const plugin = resolve(import.meta.dirname, '../../lint/assertions.ts')

/** The lines in which the linter finds an assertion that cannot fail. */
async function found(code: string): Promise<number[]> {
  // the linter does not look into hidden folders, where tap keeps its own
  const folder = mkdtempSync(join(tmpdir(), 'assertions-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'example.test.ts'), code)
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ jsPlugins: [plugin], rules: { 'assertions/can-fail': 'error' } }),
  )
  // tap's own hooks for its tests' children are no use there
  const linter = ['-u', 'NODE_OPTIONS', 'oxlint']
  const args = ['-c', join(folder, 'config.json'), '-f', 'unix', '--no-ignore', join(folder, 'example.test.ts')]
  const output = await new Promise<string>((done) =>
    execFile('env', [...linter, ...args], (_error, stdout) => done(stdout)),
  )
  return [...output.matchAll(/^.*example\.test\.ts:(\d+):\d+: .*can-fail/gm)].map(([, line]) => Number(line)).sort()
}

t.test('assertions that hold whatever they are given are refused', async (t) => {
  t.strictSame(
    await found(`t.match(x, [])
t.match(x, {})
t.match(x, { a: 1, list: [] })
t.match(x, [{ b: { c: {} } }])
t.ok(list.filter((one) => one > 1))
t.ok([a, b])
`),
    [1, 2, 3, 4, 5, 6],
  )
})

t.test('assertions that can fail are not', async (t) => {
  t.strictSame(
    await found(`t.match(x, { list: { length: 0 } })
t.strictSame(x, [])
t.match(f({}, []), /text/)
t.ok(list.filter((one) => one > 1).length > 0)
text.match(/./)
t.ok(list.some((one) => one > 1))
`),
    [],
  )
})
