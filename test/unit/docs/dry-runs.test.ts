import t, { type Test } from 'tap'
import { ExitCode } from '../../../operation/exit-code.ts'
import { commandLine } from '../../../plugin/command-line/command-line.ts'
import type { Runner } from '../../../plugin/command-line/command.ts'
import { commands } from '../../../plugin/commands/commands.ts'
import type { Session } from '../../../plugin/kubernetes/api/session.ts'
import { chartProperties, chartRelease } from '../plugin/kubernetes/jobs/compose/chart-deployment.ts'
import { ObjectStore } from '../plugin/kubernetes/object-store.ts'
import { recordingTerminal } from '../plugin/terminal/recording-terminal.ts'
import { blocksOf, commandsOf, documents, wordsOf } from './fenced-blocks.ts'

/** What is made by these commands is shown by a dry run, so that they go as far as to the first change. */
const dry = ['backup', 'pause', 'unpause', 'install', 'import']
const changingNothing = ['images']
/** A file of yours, and a fingerprint that has the form of one only once it is filled in. */
const needsMore = /--signing-key-from|FINGERPRINT/

const ofDynamodb = 'scalar.db.storage=dynamo\nscalar.db.contact_points=eu-west-1\n'

/** A namespace with all that the pages name: two releases, what `install` makes, a claim, Secrets. */
function documented(properties: string): ObjectStore {
  const store = new ObjectStore()
  for (const [name, app] of [
    ['my-ledger', 'ledger'],
    ['my-auditor', 'auditor'],
  ] as const) {
    const { deployment, pods } = chartRelease(undefined, name, app)
    store.put('deployments', { metadata: { name: `${name}-scalardl-${app}` }, spec: deployment?.spec })
    for (const { metadata } of pods)
      store.put('pods', { metadata: { name: metadata?.name ?? '', labels: metadata?.labels ?? {} } })
  }
  store.put('configmaps', {
    metadata: { name: 'my-ledger-scalardl-ledger-properties' },
    data: { 'ledger.properties': properties },
  })
  store.put('serviceaccounts', { metadata: { name: 'kubectl-scalardl' } })
  store.put('persistentvolumeclaims', { metadata: { name: 'backups' }, status: { phase: 'Bound' } })
  for (const name of ['registry', 'backup-key', 'h2-tools']) store.put('secrets', { metadata: { name } })
  return store
}

function runnerFor(session: Session, ended: (code: ExitCode) => void): Runner {
  const { terminal } = recordingTerminal()
  return {
    withCluster: async (flags, action) => ended(await (await action())(flags, session, terminal)),
    local: async (flags, action) => ended(await (await action())(flags, terminal)),
  }
}

async function outcomeOf(t: Test, args: readonly string[]): Promise<unknown> {
  let code: ExitCode | undefined
  // Without a place for dumps the page speaks of a database that needs none.
  const dumps = args.includes('--to') || args.includes('--exec-image')
  const store = documented(dumps ? chartProperties : ofDynamodb)
  const runner = runnerFor(await store.session(t), (given) => (code = given))
  try {
    await commandLine(args, commands, runner).parseAsync()
    return code
  } catch (error) {
    return error instanceof Error ? error.message : error
  }
}

/** Before what follows `--`, which is for another program. */
function withDryRun(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  const at = end < 0 ? args.length : end
  return args.includes('--dry-run=client') ? [...args] : args.toSpliced(at, 0, '--dry-run=client')
}

t.test('a command of a page goes as far as to its first change', async (t) => {
  const written = documents.flatMap(blocksOf).filter(({ language }) => language === 'console')
  const lines = new Set(written.flatMap(commandsOf).filter((line) => line.startsWith('kubectl scalardl ')))
  let seen = 0
  for (const line of lines) {
    const [, , verb = '', ...rest] = wordsOf(line)
    if (needsMore.test(line) || ![...dry, ...changingNothing].includes(verb)) continue
    seen += 1
    const args = dry.includes(verb) ? withDryRun([verb, ...rest]) : [verb, ...rest]
    t.equal(await outcomeOf(t, args), ExitCode.done, line)
  }
  t.ok(seen > 30, `${seen} commands`)
})
