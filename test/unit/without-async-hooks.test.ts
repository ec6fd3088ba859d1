import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import t from 'tap'

const preload = resolve(import.meta.dirname, '../without-async-hooks.ts')
const slip = (what: string) => `
import t from 'tap'
t.test('it slips', async (t) => {
  ${what}
  await new Promise((resolve) => setTimeout(resolve, 500))
  t.pass('and goes on')
})
`

for (const [name, what] of [
  ['a throw in a callback', 'setTimeout(() => { throw new Error("nobody catches it") })'],
  ['a rejection', 'void Promise.reject(new Error("nobody catches it"))'],
  ['a throw after the test', 'setTimeout(() => { throw new Error("nobody catches it") }, 1500)'],
] as const)
  t.test(`${name} that nobody catches fails the file, and is shown`, async (t) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [`--import=${preload}`, '--input-type=module', '--eval', slip(what)],
      { encoding: 'utf8' },
    )
    t.not(status, 0)
    t.match(stdout + stderr, /nobody catches it/)
  })
