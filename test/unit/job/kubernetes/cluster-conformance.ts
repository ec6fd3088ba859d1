// Room: the Kubernetes API as the worker uses it.
// Read cluster-conformance, stored-objects and watched-api (the API servers).

import type { Test } from 'tap'
import type { Cluster, Leases, Records } from '../../../../job/kubernetes/cluster.ts'
import { GaveWay } from '../../../../job/process/gave-way.ts'
import { newRecord } from '../../../../operation/record.ts'
import { failureOf } from '../failure-of.ts'

/** One namespace, as two processes see it: a worker and the one that comes after it. */
export interface TwoProcesses {
  one: Cluster
  other: Cluster
}

/** What every cluster must hold, in memory or real. Nothing of it but a journal is left behind. */
export async function clusterConformance(t: Test, { one, other }: TwoProcesses): Promise<void> {
  await t.test('Leases', (t) => leasesHold(t, one, other))
  await t.test('records', (t) => recordsHold(t, one, other, one.namespace))
  await t.test('what others write beside a record', (t) => besideHolds(t, one, other, one.namespace))
  await t.test('journals', (t) => journalsHold(t, one, other))
}

async function leasesHold(t: Test, one: Leases, other: Leases): Promise<void> {
  const first = await one.takeLeases(['conform-b', 'conform-a'], 'backup-one')
  t.match(await failureOf(other.takeLeases(['conform-c', 'conform-b'], 'restore-two')), {
    what: /conform-b is in use/,
    why: /backup-one has it/,
  })
  const all = ['conform-a', 'conform-b', 'conform-c']
  const seen = async () => [...(await other.leasesOfOthers(all, 'restore-two'))].sort()
  t.strictSame(
    await seen(),
    [
      ['conform-a', 'backup-one'],
      ['conform-b', 'backup-one'],
    ],
    'all or none: c was let go',
  )
  t.equal((await other.leaseVersions(all, 'backup-one')).length, 2)
  t.strictSame(await other.leaseVersions(all, 'restore-two'), [])
  t.strictSame(await one.leasesOfOthers(all, 'backup-one'), new Map(), 'its own are nobody else’s')
  t.equal(first.lost.aborted, false)
  t.equal(first.taken.aborted, false)
  await first.release()
  t.strictSame(await seen(), [])
}

async function recordsHold(t: Test, one: Records, other: Records, namespace: string): Promise<void> {
  const record = recordOf('backup-conform', namespace)
  const own = async () => await other.records(({ operation }) => operation === record.operation)
  t.equal(await one.findRecord(record.operation), undefined)
  t.match(await failureOf(one.readRecord(record.operation)), { what: `there is no ${record.operation}` })
  await one.writeRecord(record)
  t.strictSame(await other.readRecord(record.operation), record)
  t.strictSame(await own(), [record])
  await one.writeRecord({ ...record, state: 'running', stillPaused: ['10.0.0.7:50053'] })
  t.equal((await other.readRecord(record.operation)).state, 'running')
  const pausing = async () => (await other.pausingRecords()).map(({ operation }) => operation)
  t.ok((await pausing()).includes(record.operation))
  await one.writeRecord({ ...record, state: 'succeeded' })
  t.notOk((await pausing()).includes(record.operation))
  await one.deleteRecord(record.operation)
  await one.deleteRecord(record.operation)
  t.equal(await other.findRecord(record.operation), undefined)
}

async function besideHolds(t: Test, one: Records, other: Records, namespace: string): Promise<void> {
  const record = recordOf('pause-conform', namespace)
  const report = { pod: 'guard', node: 'node', interventions: [] }
  const none = { what: `there is no ${record.operation}` }
  t.match(await failureOf(other.askToEnd(record.operation, 'unpause-conform')), none, 'there is nothing to ask')
  t.match(await failureOf(other.writeGuardReport(record.operation, report)), none, 'there is nothing to report on')
  await one.writeRecord(record)
  t.equal(await other.askedToEnd(record.operation), undefined)
  await other.writeGuardReport(record.operation, report)
  await other.askToEnd(record.operation, 'unpause-conform')
  t.strictSame(await one.findRecord(record.operation), { ...record, guard: report })
  t.equal(await one.askedToEnd(record.operation), 'unpause-conform')
  await one.writeRecord({ ...record, state: 'running' })
  t.strictSame(await other.findRecord(record.operation), { ...record, state: 'running', guard: report }, 'it stays')
  await one.deleteRecord(record.operation)
  await one.writeRecord(record)
  t.strictSame(await other.findRecord(record.operation), record, 'the report goes with the record')
  t.equal(await other.askedToEnd(record.operation), undefined, 'so does the request')
  await one.deleteRecord(record.operation)
}

async function journalsHold(t: Test, one: Records, other: Records): Promise<void> {
  const operation = 'restore-conform'
  const journal = { version: 1 as const, operation, steps: [{ name: 'a', startedAt: '2026-11-21T00:00:00Z' }] }
  await one.takeOver(operation)
  t.equal(await one.readJournal(operation), undefined)
  await one.writeJournal(journal)
  await other.takeOver(operation)
  t.strictSame(await other.readJournal(operation), journal)
  t.ok((await failureOf(one.writeJournal({ ...journal, steps: [] }))) instanceof GaveWay, 'the first gives way')
  const steps = [...journal.steps, { name: 'b', startedAt: '2026-11-21T00:00:01Z' }]
  await other.writeJournal({ ...journal, steps })
  t.strictSame(await other.readJournal(operation), { ...journal, steps })
}

function recordOf(operation: string, namespace: string) {
  const of = { operation, kind: 'backup' as const, namespace, releases: ['my-ledger'], plugin: '1' }
  return newRecord({ ...of, createdAt: '2026-11-21T00:00:00Z' })
}
