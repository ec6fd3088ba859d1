import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { execLink, type CommandEnd } from '../../../../job/exec/exec-link.ts'
import { failureOf } from '../failure-of.ts'
import { toolContainer } from './tool-container.ts'

const never = new AbortController().signal
const patienceMs = 30_000

/** A container with a shell's script as its command and variables of its own, and one run of it. */
function scene(t: Test, script: string, variables: Record<string, string> = {}) {
  const container = toolContainer(t, ['sh', '-c', script], variables)
  const link = execLink(container.folder)
  const lines: string[] = []
  const begin = (env: Record<string, string> = {}, signal = never, number = 1): Promise<CommandEnd> =>
    link.run({ number, env, artefacts: [], heard: (line) => lines.push(line), signal })
  const run: typeof begin = async (...given) => {
    await link.ready(patienceMs, never)
    return await begin(...given)
  }
  return { begin, container, link, lines, run }
}

t.test('nothing runs before its moment; then what it is told, says and makes is exact', async (t) => {
  const told = 'a b; $(touch no) `no` "x" \\ \''
  const s = scene(
    t,
    'echo "told $TOLD"; echo two >&2; readlink /proc/$$/exe; echo one >> "$SCALARDL_ARTEFACTS"; exit 7',
  )
  t.equal(await s.link.ready(patienceMs, never), undefined)
  t.notOk(existsSync(join(s.container.folder, '1.started')))
  t.strictSame(await s.run({ TOLD: told }), { how: 'exited', code: 7 })
  t.strictSame(s.lines.slice(0, 2), [`told ${told}`, 'two'])
  t.notMatch(s.lines[2], /busybox/, 'the shell is the one of the image')
  t.strictSame(await s.link.artefacts(1), ['one'])
  t.strictSame(await s.run({ TOLD: 'again' }, never, 2), { how: 'exited', code: 7 })
  t.equal(s.lines[3], 'told again')
})

t.test('the properties of a schema loader are there while it runs, and no longer', async (t) => {
  const s = scene(t, 'cat "${SCALARDL_ARTEFACTS%/*}/database.properties"')
  const there = () => existsSync(join(s.container.folder, 'database.properties'))
  await s.link.ready(patienceMs, never)
  const heard = (line: string) => t.ok(there(), line) && s.lines.push(line)
  const run = { env: {}, artefacts: [], heard, signal: never }
  t.strictSame(await s.link.run({ ...run, number: 1, properties: 'a=b\n' }), { how: 'exited', code: 0 })
  t.strictSame(s.lines, ['a=b'])
  t.notOk(there())
})

t.test('a value of two lines cannot set another variable', async (t) => {
  const s = scene(t, 'echo "$ONE/$TWO"')
  await s.run({ ONE: '1\nTWO=2' })
  t.strictSame(s.lines, ['1 TWO=2/'])
})

t.test('a program that the image has not is known before anything begins', async (t) => {
  const container = toolContainer(t, ['no-such-program', 'x'])
  t.equal(await execLink(container.folder).ready(patienceMs, never), 'the image has no program no-such-program')
})

t.test('a container that never stands ready is not waited for endlessly', async (t) => {
  const link = execLink(t.testdir())
  t.match(await failureOf(link.ready(300, never)), { what: /nothing was paused/ })
})

t.test('told to end, the command and all that it has started end, even against their will', async (t) => {
  const s = scene(t, 'trap "" TERM; echo $$ > "$PIDS"; sleep 300 & echo $! >> "$PIDS"; echo begun; wait; sleep 300')
  const pids = join(t.testdir(), 'pids')
  const stop = new AbortController()
  const ended = s.run({ PIDS: pids }, stop.signal)
  while (!s.lines.includes('begun')) await sleep(20)
  stop.abort(new Error('enough'))
  await t.rejects(ended, { message: 'enough' })
  const left = () =>
    readFileSync(pids, 'utf8')
      .trim()
      .split('\n')
      .filter((pid) => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
  while (left().length > 0) await sleep(50)
  t.pass('nothing is left of it')
})

t.test('output without end is read to a bound, and told in lines that end', async (t) => {
  const s = scene(t, 'yes | head -c 3000000; head -c 100000 /dev/zero | tr "\\0" x')
  t.strictSame(await s.run(), { how: 'exited', code: 0 })
  t.equal(s.lines.length, 301)
  t.equal(s.lines.filter((line) => /is not shown/.test(line)).length, 1)
  t.ok(readFileSync(join(s.container.folder, '1.output')).length <= 300 * 4096 + 8194)

  const long = scene(t, 'head -c 100000 /dev/zero | tr "\\0" x')
  await long.run()
  t.strictSame(
    long.lines.map(({ length }) => length),
    [1000],
  )
})

t.test('a container that is started anew while the command runs says so, and does not run it again', async (t) => {
  const counted = join(t.testdir(), 'runs')
  const s = scene(t, `echo run >> ${counted}; echo begun; sleep 300`)
  const ended = s.run()
  while (!s.lines.includes('begun') && !existsSync(counted)) await sleep(20)
  await s.container.kill()
  s.container.start()
  t.strictSame(await ended, { how: 'lost' })
  t.equal(readFileSync(counted, 'utf8'), 'run\n')
})

t.test('what the container puts in the place of its files is not followed', async (t) => {
  const folder = t.testdir({ secret: 'secret' })
  symlinkSync(join(folder, 'secret'), join(folder, '1.artefacts'))
  await t.rejects(execLink(folder).artefacts(1), { code: 'ELOOP' })
  mkdirSync(join(folder, '2.artefacts'))
  t.strictSame(await execLink(folder).artefacts(2), [])
  writeFileSync(join(folder, '3.artefacts'), `${'x'.repeat(2000)}\n\n  b  \n`)
  t.strictSame(await execLink(folder).artefacts(3), ['x'.repeat(1000), 'b'])
})

t.test('a container that has gone since does not stand ready', async (t) => {
  const s = scene(t, 'true')
  t.equal(await s.link.ready(patienceMs, never), undefined)
  t.equal(await s.link.ready(patienceMs, never), undefined, 'asked again, it answers again')
  await s.container.kill()
  t.match(await failureOf(s.link.ready(500, never)), { why: /ready did not appear/ })
})

t.test('a container that is started anew after the command had to end does not begin it', async (t) => {
  const counted = join(t.testdir(), 'runs')
  const s = scene(t, `echo run >> ${counted}`)
  await s.link.ready(patienceMs, never)
  await s.container.kill()
  await t.rejects(s.begin({}, AbortSignal.timeout(300)), { name: 'TimeoutError' })
  s.container.start()
  t.equal(await s.link.ready(patienceMs, never), undefined)
  t.notOk(existsSync(counted), 'it has not begun')
  t.strictSame(await s.run({}, never, 2), { how: 'exited', code: 0 }, 'the next run is a run of its own')
})

t.test('what the command has left running is not waited for', async (t) => {
  const pids = join(t.testdir(), 'pids')
  const daemon = 'setsid sh -c \'echo $$ > "$PIDS"; sleep 60\' &'
  const s = scene(t, `${daemon} until [ -s "$PIDS" ]; do sleep 0.1; done; echo done`)
  const ended = await s.run({ PIDS: pids }, AbortSignal.timeout(patienceMs)).catch(String)
  process.kill(-Number(readFileSync(pids, 'utf8')), 'SIGKILL')
  t.strictSame(ended, { how: 'exited', code: 0 })
  t.strictSame(s.lines, ['done'])
})

t.test('of a long output the end is told too, which says why a tool failed', async (t) => {
  for (const many of ['yes', 'yes "$(head -c 500 /dev/zero | tr "\\0" x)"']) {
    const s = scene(t, `${many} | head -n 20000; echo "ORA-00001" >&2; exit 5`)
    t.strictSame(await s.run(), { how: 'exited', code: 5 })
    t.ok(s.lines.length <= 301, `${s.lines.length} lines`)
    t.equal(s.lines.at(-1), 'ORA-00001')
    t.equal(s.lines.filter((line) => /not shown/.test(line)).length, 1)
  }
  const dots = scene(t, 'for i in $(seq 400); do printf .; sleep 0.005; done; echo; echo "what went wrong"')
  await dots.run()
  t.equal(dots.lines.at(-1), 'what went wrong', 'however small the pieces are that it writes')
})

t.test("the command's variables are its own, whatever their names", async (t) => {
  const words = 'box code folder group line most name number place program reader watcher'.split(' ')
  const env = Object.fromEntries(words.map((word) => [word, `my ${word}`]))
  const s = scene(t, `printf '%s\n' ${words.map((word) => `"$${word}"`).join(' ')}`, env)
  await s.run()
  t.strictSame(s.lines, Object.values(env))
})
