import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { withLock } from '../../../build/lock.ts'

t.test('two that want the same wait for each other', async (t) => {
  const lock = join(t.testdir(), 'folder', 'lock')
  const order: string[] = []
  const hold = (name: string) =>
    withLock(lock, async () => {
      order.push(`${name} begins`)
      await sleep(150)
      order.push(`${name} ends`)
    })
  await Promise.all([hold('a'), hold('b')])
  t.equal(order[0]?.[0], order[1]?.[0])
  t.equal(order.length, 4)
  t.notOk(existsSync(lock))
})

t.test('a lock is let go by an action that fails', async (t) => {
  const lock = join(t.testdir(), 'lock')
  await t.rejects(
    withLock(lock, () => Promise.reject(new Error('no'))),
    /no/,
  )
  t.notOk(existsSync(lock))
})

t.test('a lock whose holder died is taken over', async (t) => {
  const lock = join(t.testdir(), 'lock')
  writeFileSync(lock, JSON.stringify({ pid: process.pid, startTime: '1' }))
  t.equal(await withLock(lock, () => Promise.resolve('mine')), 'mine')
})
