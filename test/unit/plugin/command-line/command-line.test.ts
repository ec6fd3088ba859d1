import t from 'tap'
import { Failure } from '../../../../operation/failure.ts'
import { commandLine } from '../../../../plugin/command-line/command-line.ts'
import { commands } from '../../../../plugin/commands/commands.ts'
import type { Runner } from '../../../../plugin/command-line/command.ts'
import type { GlobalFlags } from '../../../../plugin/flags/flags-of.ts'

/** What a command line came to: the flags that its action would get. */
async function flagsOf(line: string): Promise<Record<string, unknown>> {
  let seen: GlobalFlags | undefined
  const runner: Runner = {
    withCluster: async (flags) => void (seen = flags),
    local: async (flags) => void (seen = flags),
  }
  await commandLine(commands, runner).parseAsync(line.split(' '))
  return { ...seen }
}

async function refusal(line: string): Promise<Failure> {
  try {
    await flagsOf(line)
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error(`"${line}" was accepted`)
}

t.test('a mistyped command is refused with the one that was meant', async (t) => {
  const failure = await refusal('bakcup my-ledger')
  t.equal(failure.exitCode, 2)
  t.match(failure.next, /"backup"/)
  t.notMatch(failure.why, /my-ledger/)
})

t.test('a mistyped flag is refused with the one that was meant', async (t) => {
  t.match((await refusal('backup l --to pvc://b --max-puase 3s')).next, /"--max-pause"/)
  t.match((await refusal('backup l --to pvc://b --pasue never')).next, /"--pause"/)
})

t.test('no command, a missing value, a missing release and a wrong choice are usage errors', async (t) => {
  for (const line of [
    '-n x',
    'backup l --to',
    'backup --to pvc://b',
    'backup l --to pvc://b --pause sometimes',
    'backup l --to pvc://b -o xml',
  ]) {
    t.equal((await refusal(line)).exitCode, 2, line)
  }
})

t.test('a duration that is none is refused before anything is done', async (t) => {
  t.match(await refusal('backup l --to pvc://b --timeout soon'), { exitCode: 2, what: '"soon" is not a duration' })
  t.equal((await flagsOf('backup l --to pvc://b --timeout 30m'))['timeout'], '30m')
})

t.test('a release may be called like a number', async (t) => {
  t.strictSame((await flagsOf('backup 1e3 007 --to pvc://b'))['release'], ['1e3', '007'])
})

t.test('a flag given twice means its last value; a repeatable one means all', async (t) => {
  const flags = await flagsOf('backup l --to pvc://a --to pvc://b --max-pause 1s --max-pause 2s --schema x --schema y')
  t.equal(flags['to'], 'pvc://b')
  t.equal(flags['maxPause'], '2s')
  t.strictSame(flags['schema'], ['x', 'y'])
})

t.test('a repeatable flag does not swallow the release after it', async (t) => {
  t.strictSame((await flagsOf('backup --schema x l --to pvc://b'))['release'], ['l'])
})

t.test('--wait=false and --no-wait are the same', async (t) => {
  t.equal((await flagsOf('backup l --to pvc://b --wait=false'))['wait'], false)
  t.equal((await flagsOf('backup l --to pvc://b --no-wait'))['wait'], false)
  t.equal((await flagsOf('backup l --to pvc://b'))['wait'], true)
})

t.test('what is wrong is said in our words, with the name of what is missing', async (t) => {
  const said: Record<string, { what: string | RegExp; next?: RegExp }> = {
    'backup --to pvc://b': { what: 'backup needs RELEASE', next: /scalardl backup --help/ },
    describe: { what: 'describe needs WHAT and NAME' },
    'describe backup a b': { what: 'describe does not know "b"' },
    'describe thing a': { what: 'WHAT cannot be "thing"' },
    'backup l --to': { what: '--to needs a value' },
    'backup l -n': { what: '-n needs a value' },
    'backup l --pause sometimes': { what: '--pause cannot be "sometimes"' },
    'backup l --max-puase 3s': { what: 'backup does not know --max-puase', next: /did you mean "--max-pause"/ },
    'backup l -A': { what: 'backup does not know -A' },
    'bakcup l': { what: 'kubectl scalardl does not know "bakcup"', next: /did you mean "backup"/ },
    '-n x': { what: 'the command line cannot be understood' },
  }
  for (const [line, expected] of Object.entries(said)) {
    const failure = await refusal(line)
    t.match(failure, { exitCode: 2, ...expected }, line)
    t.notMatch(
      `${failure.what} ${failure.why} ${failure.next}`,
      /non-option|Not enough|Invalid values|Given:|Unknown/,
      line,
    )
  }
})

t.test('--help shows its own flags first, then pausing, servers, the Job and the connection', async (t) => {
  const nobody: Runner = { withCluster: async () => undefined, local: async () => undefined }
  let help = ''
  await commandLine(commands, nobody).parseAsync(['backup', '--help'], {}, (_error, _flags, text) => void (help = text))
  const titles = help.split('\n').filter((line) => /^[A-Z][a-z]+:$/.test(line))
  t.strictSame(titles, ['Arguments:', 'Flags:', 'Pausing:', 'Servers:', 'Job:', 'Connection:', 'Output:', 'Examples:'])
  const flags = help.slice(help.indexOf('Flags:'), help.indexOf('Pausing:'))
  t.match(flags, /--to/)
  t.notMatch(flags, /--image|--kubeconfig|--max-pause/)
})
