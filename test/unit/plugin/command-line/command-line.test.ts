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
  await commandLine(line.split(' '), commands, runner).parseAsync()
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

t.test('a flag that is true or false takes no other value', async (t) => {
  for (const line of [
    'backup l --guard=yes',
    'backup l --guard=True',
    'backup l --guard=1',
    'backup l --guard=',
    'backup l --wait=yes',
    'backup l --materialize=on',
    'restore b --dropPrevious=yes',
    'restore b --accept=no',
    'restore b --yes=no',
    'restore b -y=no',
    'restore b -vy=no',
    'restore b -y0',
    'status -A=1',
    'logs l -f=no',
    'status -v=2',
    'status -v2',
  ])
    t.match(await refusal(line), { exitCode: 2, what: /cannot be "/, why: 'it is true or false' }, line)
  for (const [line, guard] of [
    ['backup l', true],
    ['backup l --guard', true],
    ['backup l --guard=true', true],
    ['backup l --guard=false', false],
    ['backup l --no-guard', false],
    ['backup l --guard=false --guard', true],
    ['backup l --guard --guard=false', false],
  ] as const)
    t.equal((await flagsOf(line))['guard'], guard, line)
  t.match(await flagsOf('restore b -y=false -v=true'), { yes: false, verbose: true })
  t.match(await flagsOf('restore b -yv'), { yes: true, verbose: true })
})

t.test('the complaint names flag and value', async (t) => {
  const failure = await refusal('backup l --guard=yes')
  t.equal(failure.what, '--guard cannot be "yes"')
  t.match(failure.next, /--guard=false.*scalardl backup --help/)
})

t.test('a number flag takes digits alone', async (t) => {
  for (const value of ['x', '', '-1', '1.5', '0x10', '1e1', 'NaN', 'Infinity'])
    for (const flag of ['--retries', '--parallel', '--admin-port'])
      t.match(
        await refusal(`backup l ${flag}=${value}`),
        { exitCode: 2, what: `${flag} cannot be "${value}"`, why: 'it is a whole number' },
        `${flag}=${value}`,
      )
  t.match(await refusal('restore b --replicas many'), { exitCode: 2, what: '--replicas cannot be "many"' })
  t.equal((await refusal('backup l --retries -1')).exitCode, 2)
  t.equal((await flagsOf('backup l --retries 3'))['retries'], 3)
  t.equal((await flagsOf('backup l --retries=3 --retries 4'))['retries'], 4)
})

t.test('only a flag that is true or false has a --no- form', async (t) => {
  for (const line of ['backup l --no-to', 'backup l --no-retries', 'backup l --no-schema', 'status --no-namespace'])
    t.match(await refusal(line), { exitCode: 2, what: /does not know --no-/ }, line)
})

t.test('a letter that takes a value is not taken for a group of letters', async (t) => {
  for (const line of ['restore b -nyv', 'restore b -oyaml', 'status -vnprod'])
    t.match(await refusal(line), { exitCode: 2, what: /needs a space before its value/ }, line)
  t.equal((await flagsOf('status -n=prod'))['namespace'], 'prod')
  t.equal((await flagsOf('status -vn prod'))['namespace'], 'prod')
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

const nobody: Runner = { withCluster: async () => undefined, local: async () => undefined }

async function helpOf(...words: string[]): Promise<string> {
  let help = ''
  const args = [...words, '--help']
  await commandLine(args, commands, nobody).parseAsync(args, {}, (_error, _flags, text) => void (help = text))
  return help
}

t.test('the help of every command keeps what a flag says apart from what it takes', async (t) => {
  for (const { name } of commands) {
    const help = await helpOf(name)
    t.match(help, /Flags:|Output:/, name)
    t.notMatch(help, /\S\[(required|string|number|boolean|array|choices)/, name)
  }
})

t.test('--help shows its own flags first, then pausing, servers, the Job and the connection', async (t) => {
  const help = await helpOf('backup')
  const titles = help.split('\n').filter((line) => /^[A-Z][a-z]+:$/.test(line))
  t.strictSame(titles, ['Arguments:', 'Flags:', 'Pausing:', 'Servers:', 'Job:', 'Connection:', 'Output:', 'Examples:'])
  const flags = help.slice(help.indexOf('Flags:'), help.indexOf('Pausing:'))
  t.match(flags, /--to/)
  t.notMatch(flags, /--image|--kubeconfig|--max-pause/)
})
