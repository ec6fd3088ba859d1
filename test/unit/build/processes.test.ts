import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { childrenOf, identify, isAlive, run, signal, startDaemon } from '../../../build/processes.ts'
import { waitFor } from '../../../build/waiting.ts'
import { Failure } from '../../../operation/failure.ts'

t.test('a program that fails is quoted', async (t) => {
  await t.rejects(run('sh', ['-c', 'echo no room >&2; exit 3']), /no room; it ended with exit code 3/)
  await t.rejects(run('/no/such/program', []), Failure)
})

t.test('a program that takes too long is ended', async (t) => {
  const start = performance.now()
  await t.rejects(run('sleep', ['60'], { timeoutMs: 100 }), /SIGKILL/)
  t.ok(performance.now() - start < 5000)
})

t.test('input comes as text or from a file, whether it is read or not', async (t) => {
  t.equal(await run('cat', [], { input: 'text' }), 'text')
  const file = join(t.testdir({ big: 'x'.repeat(1_000_000) }), 'big')
  t.equal(await run('wc', ['-c'], { inputFile: file }), '1000000\n')
  t.equal(await run('true', [], { inputFile: file }), '')
})

t.test('a daemon is known by more than its pid, and what it says is kept', async (t) => {
  const log = join(mkdtempSync(join(t.testdir(), 'log-')), 'log')
  const daemon = startDaemon('sh', ['-c', 'echo begun; sleep 60; true'], log)
  t.ok(isAlive(daemon))
  t.notOk(isAlive({ ...daemon, startTime: '1' }), 'another program with its pid is not it')
  const sleeping = await waitFor('the child', 60_000, () => childrenOf(daemon.pid)[0])
  t.match(readFileSync(log, 'utf8'), 'begun')
  signal(sleeping, 'SIGKILL')
  signal(daemon.pid, 'SIGKILL')
  await waitFor('its end', 60_000, () => !isAlive(daemon) || undefined)
  signal(daemon.pid, 'SIGTERM')
  t.equal(identify(daemon.pid), undefined)
})

t.test('waiting ends with the last reason', async (t) => {
  const wait = waitFor('the moon', 150, () => {
    throw new Error('clouds')
  })
  await t.rejects(wait, /the moon.*clouds/)
})
