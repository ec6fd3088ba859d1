import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { fetchedOnce } from '../../stand-ins/fetched-once.ts'

t.beforeEach((t) => {
  process.env['KUBECTL_SCALARDL_CACHE'] = t.testdir()
})

t.test('two that want the same folder fetch it once', async (t) => {
  let fetched = 0
  const fetch = async (folder: string) => {
    fetched += 1
    await sleep(150)
    writeFileSync(join(folder, 'program'), 'whole')
  }
  const [one, other] = await Promise.all([fetchedOnce('tool-1', fetch), fetchedOnce('tool-1', fetch)])
  t.equal(one, other)
  t.equal(fetched, 1)
  t.ok(existsSync(join(one, 'program')))
})

t.test('what failed leaves nothing, and is fetched by the next', async (t) => {
  const failing = (folder: string) => {
    writeFileSync(join(folder, 'half'), '')
    return Promise.reject(new Error('no network'))
  }
  await t.rejects(fetchedOnce('tool-1', failing), /no network/)
  t.strictSame(readdirSync(process.env['KUBECTL_SCALARDL_CACHE'] ?? ''), [])
  t.ok(existsSync(await fetchedOnce('tool-1', () => Promise.resolve())))
})
