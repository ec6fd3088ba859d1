import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { readDetails as readDynamodbDetails } from '../../job/databases/dynamodb/details.ts'
import { notedFormerTables } from '../../job/databases/dynamodb/restore/former-tables.ts'
import { readDetails as readPostgresqlDetails } from '../../job/databases/postgresql/details.ts'
import { openJournal } from '../../job/journal/persisted-journal.ts'
import { jsonLineEvents } from '../../job/process/events.ts'
import { work } from '../../job/worker/worker.ts'
import { journalSchema, type JournalDocument } from '../../operation/journal.ts'
import type { OperationKind } from '../../operation/names.ts'
import { parseRecord, type OperationRecord } from '../../operation/record.ts'
import { describeRecord } from '../../plugin/commands/describe/describe-record.ts'
import { runGet } from '../../plugin/commands/get/action.ts'
import type { GetFlags } from '../../plugin/commands/get/command.ts'
import { findBackup, findRestore } from '../../plugin/commands/restore/find-record.ts'
import { inMemoryCluster } from './job/in-memory-cluster.ts'
import { pauseRequest } from './job/pausing-context.ts'
import { startLedgers } from './job/servers/ledgers.ts'
import { ObjectStore } from './plugin/kubernetes/object-store.ts'
import { recordingTerminal } from './plugin/terminal/recording-terminal.ts'

const folder = resolve(import.meta.dirname, 'records-of-0.1')
const textOf = (file: string) => readFileSync(resolve(folder, file), 'utf8')
const recordOf = (name: string): OperationRecord => parseRecord(textOf(`${name}.record.json`), name)
const journalOf = (name: string): JournalDocument => journalSchema.parse(JSON.parse(textOf(`${name}.journal.json`)))
const names = readdirSync(folder).flatMap((file) => /^(.+)\.record\.json$/.exec(file)?.[1] ?? [])

t.test('records and journals are read, and nothing of them is lost', async (t) => {
  t.equal(names.length, 11)
  for (const name of names) {
    t.strictSame(recordOf(name), JSON.parse(textOf(`${name}.record.json`)), name)
    t.strictSame(journalOf(name), JSON.parse(textOf(`${name}.journal.json`)), name)
  }
})

t.test('`describe` tells them', async (t) => {
  for (const name of names) {
    const text = describeRecord(recordOf(name), journalOf(name).steps)
    t.match(text, `Operation`, name)
    t.notMatch(text, /undefined|NaN|\[object|Invalid/, name)
  }
  t.match(describeRecord(recordOf('pause-done'), []), /Verdict: +valid\n.*Window: +2026-.* \.\. 2026-/)
  t.match(describeRecord(recordOf('backup-postgresql'), []), /State: +restorable/)
  t.match(describeRecord(recordOf('restore-in-place'), []), /Serving: +restored data/)
  t.match(
    describeRecord(recordOf('restore-cut'), journalOf('restore-cut').steps),
    /Unfinished steps:\n +delete original/,
  )
})

async function kept(t: { teardown(run: () => void): unknown }) {
  const store = new ObjectStore()
  for (const name of names) store.part(name, name.split('-')[0] as OperationKind, textOf(`${name}.record.json`))
  return store.session(t)
}

t.test('`get` lists them', async (t) => {
  const session = await kept(t)
  const listed = async (what: GetFlags['what']) => {
    const { terminal, data, lines } = recordingTerminal()
    const flags: GetFlags = {
      what,
      names: [],
      output: 'wide',
      allNamespaces: false,
      from: undefined,
      image: undefined,
      registryMirror: undefined,
      imagePullPolicy: undefined,
      imagePullSecret: undefined,
      serviceAccount: 'kubectl-scalardl',
      nodeSelector: undefined,
      toleration: undefined,
      env: undefined,
      requests: undefined,
      limits: undefined,
      patch: undefined,
      ttl: '7d',
      name: undefined,
      verbose: false,
      namespace: undefined,
      context: undefined,
      kubeconfig: undefined,
      as: undefined,
      asGroup: undefined,
      requestTimeout: undefined,
    }
    t.equal(await runGet(flags, session, terminal), 0)
    t.strictSame(lines, [], 'no warning')
    return data.join('\n')
  }
  const backups = await listed('backups')
  t.match(backups, /^dynamodb +my-ledger +materialized +2026-/m)
  t.match(backups, /^postgresql +my-ledger +restorable +2026-.*pvc:\/\/backups\/ledger\/postgresql/m)
  t.match(await listed('restores'), /^in-place +my-ledger +backup-x +succeeded/m)
  const operations = await listed('operations')
  for (const name of names) t.match(operations, new RegExp(`^${name} `, 'm'))
})

t.test('backups can be restored, restores undone', async (t) => {
  const session = await kept(t)
  for (const [name, read] of [
    ['dynamodb', readDynamodbDetails],
    ['postgresql', readPostgresqlDetails],
  ] as const) {
    const [entry] = (await findBackup(session, name)).backup.databases
    if (entry === undefined) throw new Error(`the backup of ${name} has no database`)
    t.strictSame(read(entry), entry.details, name)
  }
  for (const name of ['beside', 'in-place', 'postgresql'])
    t.equal((await findRestore(session, name, 'undo')).restore.serving, 'restored', name)
})

t.test(
  'the tables that a restore in place replaced are known to its undo, and to a worker that goes on with it',
  async (t) => {
    const none = await openJournal('undo-x', { read: async () => undefined, write: async () => undefined })
    const [former] = recordOf('restore-in-place').restore?.databases ?? []
    if (former === undefined) throw new Error('the restore in place has no database')
    const context = (of: object) => ({ context: of }) as Parameters<typeof notedFormerTables>[0]
    t.strictSame(notedFormerTables(context({ former }), none), former.details['originals'])
    const begun = await openJournal('restore-cut', {
      read: async () => journalOf('restore-cut'),
      write: async () => undefined,
    })
    const noted = journalOf('restore-cut').steps.find(({ name }) => name === 'note originals')
    t.equal(Object.keys(notedFormerTables(context({}), begun) ?? {}).length, 3)
    t.strictSame(notedFormerTables(context({}), begun), noted?.result)
  },
)

t.test('a journal is gone on with: what is finished is not done again, what was begun is', async (t) => {
  const written: JournalDocument[] = []
  const before = journalOf('restore-cut')
  const journal = await openJournal('restore-cut', {
    read: async () => structuredClone(before),
    write: async (document) => void written.push(document),
  })
  t.equal(journal.resumed, true)
  const step = before.steps.find(({ finishedAt }) => finishedAt === undefined)?.name ?? ''
  t.match(step, /^delete original/)
  t.equal(journal.begun(step), true)
  t.strictSame(
    await journal.once('note originals', async () => t.fail('it is done again')),
    before.steps.find(({ name }) => name === 'note originals')?.result,
  )
  t.strictSame(written, [])
  let acts = 0
  await journal.ensure(step, async () => void (acts += 1))
  t.equal(acts, 1)
  const after = written.at(-1)?.steps ?? []
  t.equal(after.length, before.steps.length, 'no step stands there twice')
  t.match(
    after.find(({ name }) => name === step),
    { finishedAt: String, result: 'done' },
  )
})

t.test('a pause that a worker of 0.1 left behind is ended, and its window is void', async (t) => {
  const ledgers = await startLedgers(2)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  const servers = recordOf('pause-cut').windows[0]?.endpoints ?? []
  t.equal(servers.length, 2)
  /** the same servers at the addresses that they have here */
  const here = (text: string) =>
    servers.reduce((changed, { address }, index) => changed.replaceAll(address, ledgers[index]?.address ?? ''), text)
  cluster.recordsByName.set('pause-cut', JSON.parse(here(textOf('pause-cut.record.json'))))
  cluster.journals.set('pause-cut', JSON.parse(here(textOf('pause-cut.journal.json'))))
  for (const { gate } of ledgers) void gate.pause(undefined)
  const code = await work(pauseRequest({ operation: 'pause-cut', durationMs: 3000 }), {
    cluster,
    events: jsonLineEvents(() => undefined),
    signal: new AbortController().signal,
  })
  t.equal(code, 3)
  t.strictSame(
    ledgers.map(({ gate }) => gate.isOpen),
    [true, true],
  )
  const record = cluster.recordsByName.get('pause-cut')
  t.strictSame(
    record?.windows.map(({ verdict }) => verdict),
    ['void'],
  )
  t.strictSame(record?.stillPaused, [])
  t.ok(cluster.journals.get('pause-cut')?.steps.some(({ name, finishedAt }) => name === 'pause 1: ended' && finishedAt))
})
