import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { complete, completionLines, type LiveNames } from '../../../../../plugin/commands/completion/complete.ts'
import { shellScripts } from '../../../../../plugin/commands/completion/scripts.ts'
import { commands } from '../../../../../plugin/commands/commands.ts'

const asked: string[] = []
const live: LiveNames = (what, flags) => {
  asked.push(`${what} in ${flags.get('--namespace') ?? 'default'}`)
  return Promise.resolve([{ word: 'my-ledger' }, { word: 'nightly' }])
}
const words = async (...line: string[]) =>
  (await complete(line, commands, live)).candidates.map((candidate) => candidate.word)

t.test('commands, choices and flags come from the declarations', async (t) => {
  t.strictSame(await words('sta'), ['status'])
  t.ok((await words('')).includes('backup'))
  t.strictSame(await words('get', 'ba'), ['backups', 'backup'])
  t.strictSame(await words('backup', 'my-ledger', '--pause', ''), ['auto', 'always', 'never'])
  t.strictSame(await words('backup', 'my-ledger', '--pause=a'), ['--pause=auto', '--pause=always'])
  t.strictSame(await words('logs', 'x', '--fol'), ['--follow'])
  t.strictSame(await words('-n', 'prod', 'wai'), ['wait'], 'flags may stand before the command')
  t.strictSame(await words('nonsense', ''), [])
})

t.test('names come from the cluster that the command line means', async (t) => {
  asked.length = 0
  t.strictSame(await words('backup', '-n', 'prod', 'my'), ['my-ledger'])
  await words('logs', '')
  await words('describe', 'restore', '')
  await words('get', 'backups', '-n=prod', '')
  t.strictSame(asked, ['release in prod', 'operation in default', 'restore in default', 'backup in prod'])
  t.strictSame(
    await words('delete', 'backup', 'nightly', ''),
    ['my-ledger'],
    'a name that is there already is not offered again',
  )
  t.strictSame((await complete(['logs', ''], commands, () => Promise.reject(new Error('no cluster')))).candidates, [])
})

t.test('files are left to the shell', async (t) => {
  t.equal(completionLines(await complete(['import', '-f', ''], commands, live)), ':0\n')
  t.equal(completionLines({ candidates: [{ word: 'a', description: 'b' }], files: false }), 'a\tb\n:4\n')
})

t.test('bash completes by what __complete answers', (t) => {
  const folder = t.testdir()
  writeFileSync(join(folder, 'kubectl-scalardl'), `#!/bin/sh\nprintf '%s\\tsome text\\n' "[$*]"\necho :4\n`, {
    mode: 0o755,
  })
  const script =
    `${shellScripts.bash}\nCOMP_WORDS=(kubectl-scalardl get ba); COMP_CWORD=2; _kubectl_scalardl; ` +
    `printf '%s' "\${COMPREPLY[*]}"`
  t.equal(
    execFileSync('bash', ['--norc', '-c', script], {
      env: { HOME: folder, PATH: `${folder}:${process.env['PATH']}` },
      encoding: 'utf8',
    }),
    '[__complete get ba]',
  )
  t.end()
})
