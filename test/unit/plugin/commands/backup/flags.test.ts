import { loadAllYaml, type V1ConfigMap, type V1Job, type V1Volume } from '@kubernetes/client-node'
import t from 'tap'
import { ExitCode } from '../../../../../operation/exit-code.ts'
import { messageOf } from '../../../../../operation/failure.ts'
import { jobName } from '../../../../../operation/names.ts'
import { parseRequest, type OperationRequest } from '../../../../../operation/request.ts'
import { commandLine } from '../../../../../plugin/command-line/command-line.ts'
import { commands } from '../../../../../plugin/commands/commands.ts'
import { runBackup } from '../../../../../plugin/commands/backup/action.ts'
import type { BackupFlags } from '../../../../../plugin/commands/backup/command.ts'
import { failureOf } from '../../../job/failure-of.ts'
import { sessionWith } from '../../kubernetes/api-server.ts'
import { chartRelease } from '../../kubernetes/jobs/compose/chart-deployment.ts'
import { jobOptions } from '../../kubernetes/jobs/compose/job-options.ts'
import { ObjectStore } from '../../kubernetes/object-store.ts'
import { recordingTerminal } from '../../terminal/recording-terminal.ts'

/** The flags of `backup my-ledger …`, as its action gets them. */
async function flagsOf(...words: string[]): Promise<BackupFlags> {
  let seen: unknown
  const see = async (flags: unknown) => void (seen = flags)
  await commandLine(['backup', 'my-ledger', ...words], commands, { withCluster: see, local: see }).parseAsync()
  return seen as BackupFlags
}

/** What `backup my-ledger …` would make in a cluster that has the release and a Secret "dumps". */
async function prepared(...words: string[]): Promise<{ request: OperationRequest; volumes: V1Volume[] }> {
  const store = new ObjectStore()
  const { deployment, pods } = chartRelease()
  store.put('deployments', { ...deployment, metadata: { name: 'my-ledger' } })
  const labels = pods[0]?.metadata?.labels ?? {}
  store.put('pods', { metadata: { name: 'my-ledger-0', labels } })
  store.put('serviceaccounts', { metadata: { name: jobOptions.serviceAccount } })
  store.put('secrets', { metadata: { name: 'dumps' } })
  const { terminal, data } = recordingTerminal()
  const closing: (() => void)[] = []
  const session = await store.session({ teardown: (close) => closing.push(close) })
  try {
    await runBackup(await flagsOf(...words, '--name', 'trial', '--dry-run=client', '-o', 'yaml'), session, terminal)
  } finally {
    for (const close of closing) close()
  }
  const items = loadAllYaml(data.join('\n')) as (V1ConfigMap & V1Job)[]
  const [text] = items.flatMap((item) => item.data?.['request.json'] ?? [])
  const { volumes = [] } =
    items.find(({ metadata }) => metadata?.name === jobName('backup-trial'))?.spec?.template.spec ?? {}
  return { request: parseRequest(text ?? '', undefined), volumes }
}

/** How `backup my-ledger …` is refused by a cluster that only fails, and what was asked of that. */
async function refusal(...words: string[]) {
  const asked: string[] = []
  const { session, close } = await sessionWith(({ url = '' }, response) => {
    asked.push(url)
    response.writeHead(500).end()
  })
  try {
    const { terminal } = recordingTerminal()
    const running = flagsOf(...words).then((flags) => runBackup(flags, session, terminal))
    const failure = await running.then(
      () => undefined,
      (error: unknown) => error,
    )
    return { failure, asked }
  } finally {
    close()
  }
}

t.test('a level is a whole number from 1 to 19, and any other is refused before anything is asked', async (t) => {
  const to = ['--to', 'azblob://account/dumps']
  for (const level of [1, 19]) {
    const { request } = await prepared(...to, '--compression-level', String(level))
    t.equal(request.kind === 'backup' && request.compressionLevel, level)
  }
  t.notOk('compressionLevel' in (await prepared(...to)).request, 'it is left to the worker unless given')
  const known = await refusal(...to, '--compression-level', '7')
  t.not(known.asked.length, 0, 'the cluster is asked where all is right')
  for (const level of ['0', '-1', '20', '22', '1.5', '1e9', 'fast']) {
    const { failure, asked } = await refusal(...to, `--compression-level=${level}`)
    t.match(failure, { exitCode: ExitCode.usage, what: /^--compression-level/, next: String }, level)
    t.strictSame(asked, [], level)
  }
  const { failure } = await refusal(...to, '--compression-level', '20')
  t.match(failure, { why: 'zstd has no such level for streams', next: /from 1 to 19/ })
})

t.test('a limit on bandwidth is bytes a second in the request, and what is no rate is refused', async (t) => {
  const to = ['--to', 'azblob://account/dumps']
  const rates = { '50MB/s': 50e6, '800KiB/s': 800 << 10, '1.5 GB/s': 1.5e9, '20kB/s': 20_000, '700B/s': 700 }
  for (const [text, bytes] of Object.entries(rates)) {
    const { request } = await prepared(...to, '--limit-bandwidth', text)
    t.equal(request.kind === 'backup' && request.bytesPerSecond, bytes, text)
  }
  t.notOk('bytesPerSecond' in (await prepared(...to)).request, 'there is none unless given')
  for (const text of ['50', '50MB', '0MB/s', '-1MB/s', '50Mbit/s', '1e3MB/s', 'fast']) {
    const { failure, asked } = await refusal(...to, `--limit-bandwidth=${text}`)
    t.match(failure, { exitCode: ExitCode.usage, what: /^--limit-bandwidth/, next: /50MB\/s/ }, text)
    t.strictSame(asked, [], text)
  }
})

t.test('a container of Azure is in the request as it was given, and its Secret is mounted', async (t) => {
  const endpoint = 'https://account.blob.core.usgovcloudapi.net'
  const cases: [given: string, to: string, secrets: string[]][] = [
    ['azblob://account/dumps', 'azblob://account/dumps', []],
    ['azblob://account/dumps//ledger/a/', 'azblob://account/dumps/ledger/a', []],
    [
      'azblob://account/dumps/ledger?secret=dumps&access-tier=Cool',
      'azblob://account/dumps/ledger?access-tier=Cool&secret=dumps',
      ['dumps'],
    ],
    [
      `azblob://account/dumps?secret=dumps&endpoint=${endpoint}/`,
      `azblob://account/dumps?endpoint=${endpoint}&secret=dumps`,
      ['dumps'],
    ],
  ]
  for (const [given, to, secrets] of cases) {
    const { request, volumes } = await prepared('--to', given)
    t.equal(request.kind === 'backup' && request.to, to, given)
    const mounted = volumes.flatMap(({ name, secret }) => (name.startsWith('storage') ? [secret?.secretName] : []))
    t.strictSame(mounted, secrets, given)
  }
  const missing = await failureOf(prepared('--to', 'azblob://account/dumps?secret=other'))
  t.match(missing, { what: 'the Secret "other" is not there', next: /secret= of the location/ })
})

t.test('what names no container of Azure is refused before anything is asked', async (t) => {
  const cases: [location: string, why: RegExp][] = [
    ['azblob://', /"" cannot be the name of a storage account/],
    ['azblob://account', /"" cannot be the name of a container/],
    ['azblob://account?secret=dumps', /"" cannot be the name of a container/],
    ['azblob://Account/dumps', /"Account" cannot be the name of a storage account/],
    ['azblob://account.blob.core.windows.net/dumps', /cannot be the name of a storage account/],
    ['azblob://account/Dumps', /"Dumps" cannot be the name of a container/],
    ['azblob://account/du--mps', /"du--mps" cannot be the name of a container/],
    ['azblob://account/du', /"du" cannot be the name of a container/],
    ['azblob://account/dumps/../other', /"\." or "\.\."/],
    ['azblob://account/dumps/a b', /characters other than/],
    ['azblob://account/dumps?region=eu', /"region" is no option of it/],
    ['azblob://account/dumps?secret=a&secret=b', /secret= is given twice/],
    ['azblob://account/dumps?secret=../other', /secret= cannot be the name of a Secret/],
    ['azblob://account/dumps?access-tier=Archive', /access-tier= is Hot, Cool or Cold/],
    ['azblob://account/dumps?endpoint=account.example.com', /endpoint= is no http or https URL/],
    ['azure://account/dumps', /"azure" is not known; this version knows pvc, s3 and azblob/],
    ['https://account.blob.core.windows.net/dumps', /"https" is not known/],
  ]
  for (const [location, why] of cases) {
    const { failure, asked } = await refusal('--to', location)
    t.match(failure, {
      exitCode: ExitCode.usage,
      what: /^".*" is not a storage location$/,
      why,
      next: /azblob:/,
    })
    t.strictSame(asked, [], location)
  }
})

t.test('a key or a token in a location is refused, since it would be told in records', async (t) => {
  const signed = encodeURIComponent('https://account.blob.core.windows.net?sv=2026-01-01&sig=S3CRET')
  const cases: [location: string, why: RegExp][] = [
    ['azblob://account/dumps?sv=2026-01-01&sig=S3CRET', /"sv, sig" is no option of it/],
    ['azblob://account/dumps?key=S3CRET', /"key" is no option of it/],
    [`azblob://account/dumps?endpoint=${signed}`, /endpoint= has more in it than a host, a port and a path/],
    ['azblob://account:S3CRET@host/dumps', /it has a password or a key in it/],
  ]
  for (const [location, why] of cases) {
    const { failure, asked } = await refusal('--to', location)
    t.match(failure, { exitCode: ExitCode.usage, why }, location)
    t.notMatch(messageOf(failure), 'S3CRET', 'nor on the terminal')
    t.strictSame(asked, [])
  }
})
