import type { V1Job } from '@kubernetes/client-node'
import type { OperationKind } from '../../../operation/names.ts'
import type { Session } from '../api/session.ts'
import type { StoredRecord } from './records.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { annotations, jobName, labels, managedBy, operationKinds, operationName } from '../../../operation/names.ts'
import { newRecord } from '../../../operation/record.ts'
import { jobState } from '../../../operation/outcome/job-state.ts'
import { isFinal, settle } from '../../../operation/outcome/outcome.ts'
import { listRecords } from './records.ts'

async function listJobs(session: Session, kind?: OperationKind): Promise<V1Job[]> {
  const labelSelector = [
    `${labels.managedBy}=${managedBy}`,
    labels.operation,
    ...(kind === undefined ? [] : [`${labels.kind}=${kind}`]),
  ].join(',')
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
  return { operation, kind, createdAt, record: settle(record, jobState(job)) }
}

/**
 * Every operation of the namespace, of one kind or all, oldest first: their records, with an end where the Job of an
 * unfinished one is over, and the Jobs that have no record yet.
 */
export async function listOperations(session: Session, kind?: OperationKind): Promise<StoredRecord[]> {
  const [records, jobs] = await Promise.all([listRecords(session, kind), listJobs(session, kind)])
  const jobOf = new Map(jobs.map((job) => [job.metadata?.labels?.[labels.operation], job]))
  const settled = records.map((stored): StoredRecord =>
    stored.record === undefined || isFinal(stored.record)
      ? stored
      : { ...stored, record: settle(stored.record, jobState(jobOf.get(stored.operation))) },
  )
  const recorded = new Set(records.map((stored) => stored.operation))
  const others = [...jobOf].flatMap(([operation, job]) =>
    operation === undefined || recorded.has(operation) ? [] : (withoutRecord(session, job) ?? []),
  )
  return [...settled, ...others].sort((a, b) => (a.createdAt ?? '').localeCompare(b.createdAt ?? ''))
}

/**
 * The one operation that the user means by its name, or by its name without the kind (`x` for `backup-x`).
 * @param kind where only one kind is meant
 * @throws Failure where there is none, or several, naming those that exist
 */
export async function findOperation(session: Session, text: string, kind?: OperationKind): Promise<StoredRecord> {
  const known = await listOperations(session, kind)
  const exact = known.find((stored) => stored.operation === text)
  const candidates = known.filter((stored) =>
    operationKinds.some((kind) => stored.operation === operationName(kind, text)),
  )
  const [only, ...more] = exact === undefined ? candidates : [exact]
  if (only !== undefined && more.length === 0) return only
  if (only !== undefined) {
    throw new Failure(
      {
        what: `"${text}" can mean several operations`,
        why: `there are ${candidates.map((stored) => stored.operation).join(', ')}`,
        next: 'give the whole name',
      },
      { exitCode: ExitCode.usage },
    )
  }
  const noun = kind ?? 'operation'
  throw new Failure({
    what: `there is no ${noun} "${text}" in namespace ${session.namespace}`,
    why: known.length === 0 ? `no ${noun} is known there` : `the latest there: ${latest(known).join(', ')}`,
    next: `\`kubectl scalardl get ${kind === 'backup' || kind === 'restore' ? `${kind}s` : 'operations'} -n ${session.namespace}\` lists them all; is the namespace right?`,
  })
}

function latest(known: readonly StoredRecord[]): string[] {
  return known.slice(-8).map((stored) => stored.operation)
}

/** The record of an operation that was found. @throws Failure where it cannot be read */
export function recordOf(stored: StoredRecord) {
  if (stored.record === undefined) throw stored.problem
  return stored.record
}
