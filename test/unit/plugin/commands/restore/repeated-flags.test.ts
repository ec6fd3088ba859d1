import t from 'tap'
import { restoreCommand } from '../../../../../operation/outcome/restore-command.ts'
import type { Runner } from '../../../../../plugin/command-line/command.ts'
import { commandLine } from '../../../../../plugin/command-line/command-line.ts'
import { commands } from '../../../../../plugin/commands/commands.ts'
import type { RestoreFlags } from '../../../../../plugin/commands/restore/command.ts'
import { repeatedFlags } from '../../../../../plugin/commands/restore/repeated-flags.ts'

async function flagsOf(words: readonly string[]): Promise<RestoreFlags> {
  let seen: unknown
  const see = async (flags: unknown) => void (seen = flags)
  const runner: Runner = { withCluster: see, local: see }
  await commandLine(words, commands, runner).parseAsync()
  return seen as RestoreFlags
}

t.test('the way back carries what the restore needed to reach its databases and to run', async (t) => {
  const given = [
    '--database-secret',
    'database-admin',
    '--image-pull-secret',
    'one',
    '--image-pull-secret',
    'two',
    '--toleration',
    'dedicated=backup:NoSchedule',
    '--service-account',
    'mine',
    '--patch',
    `{"spec":{"note":"it's"}}`,
  ]
  const flags = repeatedFlags(await flagsOf(['restore', 'b', '--drop-previous', '--replicas', '3', ...given]))
  t.equal(
    restoreCommand({ operation: 'restore-b', namespace: 'led', flags }, '--undo'),
    'kubectl scalardl restore restore-b --undo --database-secret database-admin --image-pull-secret one' +
      ' --image-pull-secret two --service-account mine --toleration dedicated=backup:NoSchedule' +
      ` --patch '{"spec":{"note":"it'\\''s"}}' -n led`,
  )
})

t.test('a restore without such flags has a short way back', async (t) => {
  t.strictSame(repeatedFlags(await flagsOf(['restore', 'b'])), [])
})
