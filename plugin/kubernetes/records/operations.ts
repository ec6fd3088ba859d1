import type { V1Job } from '@kubernetes/client-node'
import type { OperationKind } from '../../../operation/names.ts'
import type { Session } from '../api/session.ts'
import type { StoredRecord } from './records.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { annotations, jobName, labels, managedBy, operationKinds, operationName } from '../../../operation/names.ts'
import { newRecord, type OperationRecord } from '../../../operation/record.ts'
import { jobState } from '../../../operation/outcome/job-state.ts'
import { isFinal, pausedBy, concludeByJob } from '../../../operation/outcome/outcome.ts'
import { readJob } from '../jobs/operation-job.ts'
import {
  eachRecord,
  findRecord,
  knownOperations,
  namespacesWithRecords,
  type KnownOperation,
  type RecordFilter,
} from './records.ts'

function jobSelector(kind?: OperationKind): string {
  return [
    `${labels.managedBy}=${managedBy}`,
    labels.operation,
    ...(kind === undefined ? [] : [`${labels.kind}=${kind}`]),
  ].join(',')
}

async function listJobs(session: Session, kind?: OperationKind): Promise<V1Job[]> {
  const labelSelector = jobSelector(kind)
  const { items } = await session.batch.listNamespacedJob({ namespace: session.namespace, labelSelector })
  // A guard's Job belongs to an operation without being it.
  return items.filter((job) => job.metadata?.name === jobName(job.metadata?.labels?.[labels.operation] ?? ''))
}

/** An operation whose worker has not written a record yet. */
function withoutRecord(session: Session, job: V1Job): StoredRecord | undefined {
  const { labels: ofJob = {}, annotations: notes = {}, creationTimestamp } = job.metadata ?? {}
  const kind = operationKinds.find((kind) => kind === ofJob[labels.kind])
  if (kind === undefined) return undefined
  const operation = ofJob[labels.operation] ?? ''
  const createdAt = creationTimestamp?.toISOString() ?? ''
  const releases = (notes[annotations.releases] ?? '').split(',').filter((release) => release !== '')
  const record = newRecord({ operation, kind, namespace: session.namespace, releases, createdAt, plugin: '' })
  return { operation, kind, createdAt, record: concludeByJob(record, jobState(job)) }
}

/** A record with an end where its Job is over although it does not say so itself. */
function settled(stored: StoredRecord, job: V1Job | undefined): StoredRecord {
  return stored.record === undefined || isFinal(stored.record)
    ? stored
    : { ...stored, record: concludeByJob(stored.record, jobState(job)) }
}

/**
 * Every operation of the namespace, of one kind or all, page by page and in no order: their records, with an end where
 * the Job of an unfinished one is over, and the Jobs that have no record yet.
 */
export async function* eachOperation(session: Session, filter: RecordFilter): AsyncGenerator<StoredRecord> {
  const jobs = await listJobs(session, filter.kind)
  const jobOf = new Map(jobs.map((job) => [job.metadata?.labels?.[labels.operation], job]))
  const recorded = new Set<string>()
  for await (const stored of eachRecord(session, filter)) {
    recorded.add(stored.operation)
    yield settled(stored, jobOf.get(stored.operation))
  }
  // With a filter, a Job without a record here may have one that was left out.
  if (filter.unended === true) return
  for (const [operation, job] of jobOf) {
    const found = operation === undefined || recorded.has(operation) ? undefined : withoutRecord(session, job)
    if (found !== undefined) yield found
  }
}

/**
 * The namespaces that have operations, in the order of their names.
 * @throws ApiException where the user may not read records and Jobs of every namespace
 */
export async function namespacesWithOperations(session: Session): Promise<string[]> {
  const [recorded, jobs] = await Promise.all([
    namespacesWithRecords(session),
    session.batch.listJobForAllNamespaces({ labelSelector: jobSelector() }),
  ])
  return [...recorded.union(new Set(jobs.items.flatMap(({ metadata }) => metadata?.namespace ?? [])))].sort()
}

/** The records that call servers paused, oldest first: of operations that hold a pause, or left one. */
export async function pausingRecords(session: Session): Promise<OperationRecord[]> {
  const found: OperationRecord[] = []
  for await (const { record } of eachOperation(session, { unended: true }))
    if (record !== undefined && pausedBy(record).length > 0) found.push(record)
  return found.sort((a, b) => a.createdAt.localeCompare(b.createdAt))
}

/** An operation by its whole name; undefined where there is none. */
async function operationCalled(session: Session, operation: string): Promise<StoredRecord | undefined> {
  const [stored, job] = await Promise.all([findRecord(session, operation), readJob(session, operation)])
  if (stored !== undefined) return settled(stored, job)
  return job === undefined ? undefined : withoutRecord(session, job)
}

/**
 * The one operation that the user means by its name, or by its name without the kind (`x` for `backup-x`).
 * @param kind where only one kind is meant
 * @throws Failure where there is none, or several, naming those that exist
 */
export async function findOperation(session: Session, text: string, kind?: OperationKind): Promise<StoredRecord> {
  const kinds = kind === undefined ? operationKinds : [kind]
  const whole = kinds.find((one) => text.startsWith(operationName(one, '')))
  const exact = whole === undefined ? undefined : await operationCalled(session, text)
  const candidates =
    exact === undefined
      ? await Promise.all(kinds.map((one) => operationCalled(session, operationName(one, text))))
      : [exact]
  const [only, ...more] = candidates.filter((candidate) => candidate !== undefined)
  if (only !== undefined && more.length === 0) return only
  if (only !== undefined) {
    throw new Failure(
      {
        what: `"${text}" can mean several operations`,
        why: `there are ${[only, ...more].map((stored) => stored.operation).join(', ')}`,
        next: 'give the whole name',
      },
      { exitCode: ExitCode.usage },
    )
  }
  const noun = kind ?? 'operation'
  const known = await knownOperations(session, kind)
  throw new Failure({
    what: `there is no ${noun} "${text}" in namespace ${session.namespace}`,
    why: known.length === 0 ? `no ${noun} is known there` : `the latest there: ${latest(known, kind).join(', ')}`,
    next:
      `\`kubectl scalardl get ${kind === 'backup' || kind === 'restore' ? `${kind}s` : 'operations'} -n ` +
      `${session.namespace}\` lists them all; is the namespace right?`,
  })
}

/** The names of the last of them, as `get` shows them. */
function latest(known: readonly KnownOperation[], kind: OperationKind | undefined): string[] {
  const before = kind === undefined ? 0 : operationName(kind, '').length
  return known.slice(-8).map(({ operation }) => operation.slice(before))
}

/** The record of an operation that was found. @throws Failure where it cannot be read */
export function recordOf(stored: StoredRecord) {
  if (stored.record === undefined) throw stored.problem
  return stored.record
}
