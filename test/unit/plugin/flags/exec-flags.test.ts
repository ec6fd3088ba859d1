import t from 'tap'
import { commandLine } from '../../../../plugin/command-line/command-line.ts'
import type { Runner } from '../../../../plugin/command-line/command.ts'
import { commands } from '../../../../plugin/commands/commands.ts'
import { readExec } from '../../../../plugin/flags/exec-flags.ts'
import type { BackupFlags } from '../../../../plugin/commands/backup/command.ts'
import { failureOf } from '../../job/failure-of.ts'
import { refused } from '../refused.ts'

const pause = { drainMs: 30_000, maxPauseMs: 60_000 }
const image = 'reg.example.com/tools:1'

/** The flags of a command line, as its action gets them. */
async function flagsOf(...args: string[]): Promise<BackupFlags> {
  const seen: unknown[] = []
  const runner: Runner = {
    withCluster: (flags) => Promise.resolve(void seen.push(flags)),
    local: () => Promise.resolve(),
  }
  await commandLine(args, commands, runner).parseAsync()
  return seen[0] as BackupFlags
}

t.test('what comes after -- is the command, word by word, and nothing of it is a flag of ours', async (t) => {
  const flags = await flagsOf(
    'backup',
    'my-ledger',
    '--exec-image',
    image,
    '--',
    'tool',
    '--retries=x',
    '-n',
    'a b',
    '--',
  )
  t.strictSame(flags.release, ['my-ledger'])
  t.equal(flags.namespace, undefined)
  const exec = readExec(flags, 'backup', pause)
  t.strictSame(exec?.tool.command, ['tool', '--retries=x', '-n', 'a b', '--'])
  t.strictSame(exec?.request, { image, program: 'tool', phase: 'snapshot', timeoutMs: 20_000 })
  t.notMatch(JSON.stringify(exec?.request), /retries/, 'arguments may be secret, and stay out of the request')
})

t.test('the phase and the time-out', async (t) => {
  const command = { '--': ['tool'], execImage: image }
  t.match(readExec({ ...command, execPhase: 'complete' }, 'backup', pause)?.request, {
    phase: 'complete',
    timeoutMs: 3_600_000,
  })
  t.match(readExec(command, 'restore')?.request, { phase: 'restore', timeoutMs: 3_600_000 })
  t.match(readExec({ ...command, execTimeout: '29s' }, 'backup', pause)?.request, { timeoutMs: 29_000 })
  t.equal(readExec({}, 'backup', pause), undefined)
})

t.test('bad input', async (t) => {
  const tool = { '--': ['tool'], execImage: image }
  const wrong: [Parameters<typeof readExec>[0], RegExp][] = [
    [{ execImage: image }, /^--exec-image has nothing to run$/],
    [{ execImage: image, '--': [''] }, /^--exec-image has nothing to run$/],
    [{ '--': ['tool'] }, /^"tool" after -- cannot be used$/],
    [{ execTimeout: '5s' }, /^--exec-timeout cannot be used$/],
    [{ ...tool, execTimeout: '30s' }, /^--exec-timeout 30s cannot be kept$/],
    [{ ...tool, execTimeout: '0s' }, /^--exec-timeout cannot be 0s$/],
    [{ ...tool, execEnv: ['X'] }, /^--exec-env cannot be read$/],
    [{ ...tool, execLimits: 'memory=lots' }, /^--exec-limits cannot be read$/],
  ]
  for (const [flags, what] of wrong)
    t.match(
      refused(() => readExec(flags, 'backup', pause)),
      { what, exitCode: 2 },
    )
  t.match(await failureOf(flagsOf('backup', 'a', '--exec-phase', 'later', '--exec-image', image, '--', 'tool')), {
    what: /--exec-phase/,
    exitCode: 2,
  })
  t.match(await failureOf(flagsOf('get', 'backups', '--', 'tool')), {
    what: '"tool" after -- has no use here',
    exitCode: 2,
  })
})
