import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { signedJournal, signedWhileRunning } from '../../../job/context/left-behind.ts'
import type { Signing } from '../../../job/context/signing.ts'
import { jsonLineEvents } from '../../../job/process/events.ts'
import { Interrupted, interruptedExitCode } from '../../../job/process/interrupted.ts'
import { work } from '../../../job/worker/worker.ts'
import type { JournalDocument } from '../../../operation/journal.ts'
import { journalSchema } from '../../../operation/journal.ts'
import { parseRecord, type OperationRecord } from '../../../operation/record.ts'
import type { OperationRequest } from '../../../operation/request.ts'
import { authorshipOf, fingerprintOf } from '../../../operation/signature/signature.ts'
import { asAnotherProcess, inMemoryCluster, type InMemoryCluster } from '../../unit/job/in-memory-cluster.ts'
import { pauseRequest } from '../../unit/job/pausing-context.ts'
import { startLedgers } from '../../unit/job/servers/ledgers.ts'

// The attacker: who may write ConfigMaps, while the worker of an operation is gone and another is about to come.

function keys(): Required<Signing> {
  const { privateKey } = generateKeyPairSync('ed25519')
  return { privateKey, trusted: [fingerprintOf(createPublicKey(privateKey))] }
}
const [ours, theirs] = [keys(), keys()]

const { durationMs: _, pause, ...common } = pauseRequest()
const requests: OperationRequest[] = [
  {
    ...common,
    kind: 'restore',
    operation: 'restore-x',
    backup: 'backup-x',
    dropPrevious: false,
    parallel: 1,
    readyMs: 1,
  },
  { ...common, kind: 'undo', operation: 'undo-x', restore: 'restore-x', readyMs: 1 },
  { ...common, kind: 'drop', operation: 'drop-x', restore: 'restore-x' },
  { ...common, kind: 'materialize', operation: 'materialize-x', backup: 'backup-x' },
  { ...common, kind: 'backup', operation: 'backup-x', pause, pauseMode: 'never', schemas: [], retries: 0, parallel: 1 },
  { ...common, kind: 'copy', operation: 'copy-x', backup: 'backup-x', from: 'pvc://a/x', to: 'pvc://b' },
  { ...common, kind: 'import', operation: 'import-x', from: 'pvc://a/x' },
]

const events = jsonLineEvents(() => undefined)

/** Has a worker end before it has done anything, as one whose pod is evicted. */
async function interrupted(request: OperationRequest, cluster: InMemoryCluster, signing: Signing | undefined) {
  const stop = new AbortController()
  stop.abort(new Interrupted('SIGTERM'))
  return work(request, { cluster: asAnotherProcess(cluster), events, signing, signal: stop.signal })
}

/** What the next worker says of what it finds. */
async function next(
  request: OperationRequest,
  cluster: InMemoryCluster,
  { signing }: { signing?: Signing } = { signing: ours },
) {
  const { signal } = new AbortController()
  await work(request, { cluster: asAnotherProcess(cluster), events, signing, signal })
  const record = cluster.recordsByName.get(request.operation)
  return { refused: /does not go on/.test(record?.failure?.what ?? ''), record }
}

interface Parts {
  record: OperationRecord
  journal: JournalDocument
}

function partsOf({ recordsByName, journals }: InMemoryCluster, operation: string): Parts {
  const [record, journal] = [recordsByName.get(operation), journals.get(operation)]
  if (record === undefined || journal === undefined) throw new Error(`${operation} has left nothing`)
  // as it comes from a ConfigMap
  return { record: parseRecord(JSON.stringify(record), 'x'), journal: journalSchema.parse(structuredClone(journal)) }
}

const at = '2026-11-21T00:00:00.000Z'
const forgedStep = { name: 'note originals', startedAt: at, finishedAt: at, result: { payroll: { id: 'theirs' } } }
const validWindow: OperationRecord['windows'][number] = {
  endpoints: [],
  pauseSentAt: at,
  verdict: 'valid',
  reasons: [],
}

type Left = { [Part in keyof Parts]: Parts[Part] | undefined }
const attacks: Record<string, (left: Parts, createdAt: string) => Left> = {
  'a step that was never done': ({ record, journal }) => ({
    record,
    journal: { ...journal, steps: [...journal.steps, forgedStep] },
  }),
  'a step that is gone': ({ record, journal }) => ({ record, journal: { ...journal, steps: [] } }),
  'no journal at all': ({ record }) => ({ record, journal: undefined }),
  'no signature': ({ record, journal: { signature: _gone, ...journal } }) => ({ record, journal }),
  'a key of their own': ({ record, journal }, createdAt) => ({
    record: signedWhileRunning(record, theirs),
    journal: signedJournal({ ...journal, steps: [...journal.steps, forgedStep] }, createdAt, theirs),
  }),
  'the journal of an earlier operation of that name': ({ record, journal }) => ({
    record,
    journal: signedJournal({ ...journal, steps: [forgedStep] }, '2025-01-01T00:00:00.000Z', ours),
  }),
  'the journal of another operation': ({ record, journal }, createdAt) => {
    const other = signedJournal({ ...journal, operation: 'restore-y', steps: [forgedStep] }, createdAt, ours)
    return { record, journal: { ...other, operation: journal.operation } }
  },
  'a window that never was': ({ record, journal }) => ({ record: { ...record, windows: [validWindow] }, journal }),
  'a backup that never was': ({ record, journal }) => ({
    record: { ...record, backup: { name: 'x', state: 'restorable', databases: [] } },
    journal,
  }),
  'a phase that never was': ({ record, journal }) => ({
    record: { ...record, phases: [...record.phases, { name: 'materialize', startedAt: at }] },
    journal,
  }),
}

for (const request of requests) {
  const { operation, createdAt } = request

  t.test(`what the workers of ${operation} leave to each other is gone by as it was left`, async (t) => {
    const cluster = inMemoryCluster([])
    for (const attempt of [1, 2, 3])
      t.equal(await interrupted(request, cluster, ours), interruptedExitCode, `${attempt}`)
    const { journal } = partsOf(cluster, operation)
    t.match(journal.steps.map(({ name }) => name).slice(0, 3), ['worker 1', 'worker 2', 'worker 3'])
    const { refused, record } = await next(request, cluster)
    t.equal(refused, false, String(record?.failure?.what))
    t.equal(record?.handover, undefined, 'none goes on with what has ended')
  })

  t.test(`what somebody made of it is not gone by: ${operation}`, async (t) => {
    for (const [name, attack] of Object.entries(attacks)) {
      const cluster = inMemoryCluster([])
      await interrupted(request, cluster, ours)
      const left = attack(partsOf(cluster, operation), createdAt)
      if (left.record !== undefined) cluster.recordsByName.set(operation, left.record)
      if (left.journal === undefined) cluster.journals.delete(operation)
      else cluster.journals.set(operation, left.journal)
      const { refused, record } = await next(request, cluster)
      t.equal(refused, true, `${name}: ${record?.failure?.what}`)
      t.not(record?.backup?.state, 'restorable', name)
      t.not(record && authorshipOf(record).state, 'signed', `${name}: nothing of it is signed`)
    }
  })

  t.test(`a record that is said to be unwritten brings nothing: ${operation}`, async (t) => {
    const cluster = inMemoryCluster([])
    await interrupted(request, cluster, ours)
    const { record } = partsOf(cluster, operation)
    cluster.recordsByName.set(operation, { ...record, state: 'pending', windows: [validWindow] })
    t.strictSame((await next(request, cluster)).record?.windows, [])
  })

  t.test(`an installation without a key goes on as version 0.1 did: ${operation}`, async (t) => {
    const cluster = inMemoryCluster([])
    await interrupted(request, cluster, undefined)
    t.equal(partsOf(cluster, operation).journal.signature, undefined)
    t.equal((await next(request, cluster, {})).refused, false)
  })
}

async function pausing(t: Test) {
  const ledgers = await startLedgers(2)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  const { signal } = new AbortController()
  const first = work(pauseRequest(), { cluster: asAnotherProcess(cluster), events, signing: ours, signal })
  while (cluster.recordsByName.get('pause-test')?.windows.at(-1)?.allPausedAt === undefined) await sleep(10)
  return { cluster, first, open: () => ledgers.map(({ gate }) => gate.isOpen) }
}

t.test('a pause is ended whatever became of its journal, and nothing is said to be proven by it', async (t) => {
  const { cluster, first, open } = await pausing(t)
  t.strictSame(open(), [false, false])
  const { record, journal } = partsOf(cluster, 'pause-test')
  cluster.journals.set('pause-test', { ...journal, steps: [...journal.steps, forgedStep] })
  cluster.recordsByName.set('pause-test', {
    ...record,
    windows: record.windows.map((window) => ({ ...window, verdict: 'valid', unpauseSentAt: '2027-01-01T00:00:00Z' })),
  })
  const { refused, record: after } = await next(pauseRequest(), cluster)
  t.equal(refused, true)
  t.strictSame(open(), [true, true])
  t.strictSame(after && authorshipOf(after), { state: 'unsigned' })
  await first
})

t.test('a worker killed in its first writes has left no record without a journal', async (t) => {
  for (const killedIn of ['writeJournal', 'writeRecord'] as const) {
    const cluster = inMemoryCluster([])
    const [request] = requests
    if (request === undefined) throw new Error('there are requests')
    const doomed = asAnotherProcess(cluster)
    doomed[killedIn] = () => Promise.reject(new Error('killed'))
    const { signal } = new AbortController()
    await work(request, { cluster: doomed, events, signing: ours, signal }).catch(() => undefined)
    t.equal((await next(request, cluster)).refused, false, killedIn)
  }
})

t.test('a worker that may not sign goes by no journal, and verifies none', async (t) => {
  const request: OperationRequest = { ...common, kind: 'delete', operation: 'delete-x', backup: 'backup-x' }
  const cluster = inMemoryCluster([])
  const verifying = { trusted: ours.trusted }
  await interrupted(request, cluster, verifying)
  t.equal((await next(request, cluster, { signing: verifying })).refused, false)
})
