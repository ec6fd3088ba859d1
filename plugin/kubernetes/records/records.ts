// Room: records of operations and backups, read and written.
// Read records, operations, backup-state.

import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { V1ConfigMap } from '@kubernetes/client-node'
import type { JournalDocument } from '../../../operation/journal.ts'
import type { OperationKind, Part } from '../../../operation/names.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import type { OperationRequest } from '../../../operation/request.ts'
import type { DryRun } from '../api/apply.ts'
import type { Session } from '../api/session.ts'
import { Failure } from '../../../operation/failure.ts'
import { journalSchema } from '../../../operation/journal.ts'
import { withGuardReport, withoutGuardReport } from '../../../operation/outcome/guard-report.ts'
import {
  annotations,
  configMapName,
  guardReportKey,
  labels,
  operationKinds,
  operationLabels,
  partKey,
} from '../../../operation/names.ts'
import { recordLabels } from '../../../operation/outcome/outcome.ts'
import { parseRecord } from '../../../operation/record.ts'
import { parseRequest } from '../../../operation/request.ts'
import { statusCode, unlessMissing } from '../api/api-error.ts'

/**
 * How many records are asked for at once: at first so few that they are not much if each is as long as it may be, then
 * as many of their length as fill a page.
 */
const [firstPage, leastPage, mostPage] = [20, 5, 500]
const pageBytes = 8 * 1024 * 1024

/** A ConfigMap as it is on the wire: client-node's own reading of thousands takes longer than all else. */
interface WireConfigMap {
  metadata?: {
    name?: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    creationTimestamp?: string
  }
  data?: Record<string, string>
}

/** What the API server tells of an object without its content. */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'

/** A record as it was found; one that cannot be read (written by a newer version, or damaged) is found all the same. */
export type StoredRecord = { operation: string; kind: OperationKind | undefined; createdAt: string | undefined } & (
  | { record: OperationRecord; problem?: never }
  | { record?: never; problem: Failure }
)

async function readPart(
  session: Session,
  operation: string,
  part: Part,
): Promise<{ json: string; configMap: V1ConfigMap } | undefined> {
  const name = configMapName(operation, part)
  const configMap = await unlessMissing(session.core.readNamespacedConfigMap({ name, namespace: session.namespace }))
  if (configMap === undefined) return undefined
  return { json: partText(configMap, part), configMap }
}

function partText(configMap: Pick<WireConfigMap, 'data'> & { metadata?: { name?: string } }, part: Part): string {
  const json = configMap.data?.[partKey(part)]
  if (json !== undefined) return json
  throw new Failure({
    what: `the ConfigMap ${configMap.metadata?.name} holds no ${part}`,
    why: `it has no key ${partKey(part)}`,
    next: 'import an exported record again, or delete the ConfigMap if it is of no use',
  })
}

/** The record of a ConfigMap, with what the guard reported beside it. @throws Failure where it is none */
function recordIn(configMap: Pick<WireConfigMap, 'data'> & { metadata?: { name?: string } }): OperationRecord {
  return withGuardReport(
    parseRecord(partText(configMap, 'record'), `ConfigMap ${configMap.metadata?.name}`),
    configMap.data?.[guardReportKey],
  )
}

/**
 * The record of an operation of the session's namespace, undefined where there is none.
 * @throws Failure where it is damaged or of a newer version
 */
export async function readRecord(session: Session, operation: string): Promise<OperationRecord | undefined> {
  const found = await readPart(session, operation, 'record')
  return found === undefined ? undefined : recordIn(found.configMap)
}

/**
 * The steps that an operation has begun and finished, undefined where it has none. @throws Failure where they cannot be
 * read
 */
export async function readJournal(session: Session, operation: string): Promise<JournalDocument | undefined> {
  const found = await readPart(session, operation, 'journal')
  if (found === undefined) return undefined
  const parsed = journalSchema.safeParse(JSON.parse(found.json))
  if (parsed.success) return parsed.data
  throw new Failure({
    what: `the journal of ${operation} cannot be read`,
    why: parsed.error.issues[0]?.message ?? 'it is damaged',
    next: 'use a kubectl-scalardl of the version that wrote it',
  })
}

/** What was asked of an operation, undefined where it is not kept. @throws Failure where it cannot be read */
export async function readRequest(session: Session, operation: string): Promise<OperationRequest | undefined> {
  const found = await readPart(session, operation, 'request')
  return found === undefined ? undefined : parseRequest(found.json)
}

function storedRecord(configMap: WireConfigMap): StoredRecord {
  const { labels: ofConfigMap = {}, name = '' } = configMap.metadata ?? {}
  const identity = {
    operation: ofConfigMap[labels.operation] ?? name,
    kind: operationKinds.find((kind) => kind === ofConfigMap[labels.kind]),
    createdAt: configMap.metadata?.creationTimestamp,
  }
  try {
    const record = recordIn(configMap)
    return { ...identity, kind: record.kind, createdAt: record.createdAt, record }
  } catch (error) {
    if (error instanceof Failure) return { ...identity, problem: error }
    throw error
  }
}

/** Of which operations to read the records. */
export interface RecordFilter {
  kind?: OperationKind | undefined
  /** only those that may leave something paused, or have not ended */
  unended?: boolean
}

function selectorOf({ kind, unended }: RecordFilter): string {
  return [
    `${labels.part}=record`,
    ...(kind === undefined ? [] : [`${labels.kind}=${kind}`]),
    ...(unended === true ? [`!${labels.ended}`] : []),
  ].join(',')
}

/** Whose records: of one namespace, or of all. */
interface Scope {
  namespace: string | undefined
  request: Session['request']
}

interface Page {
  items: WireConfigMap[]
  /** the next page, undefined after the last */
  next: { continue: string; limit: number } | undefined
}

async function readPage(
  { namespace, request }: Scope,
  filter: RecordFilter,
  accept: string | undefined,
  { limit, ...from }: { limit: number; continue?: string },
): Promise<Page> {
  const answer = await request({
    method: 'GET',
    path: `/api/v1/${namespace === undefined ? '' : `namespaces/${namespace}/`}configmaps`,
    query: { labelSelector: selectorOf(filter), limit: String(limit), ...from },
    ...(accept === undefined ? {} : { accept }),
  })
  const text = await answer.text()
  const { items, metadata } = JSON.parse(text) as { items: WireConfigMap[] | null; metadata?: { continue?: string } }
  const fitting = Math.max(leastPage, Math.min(mostPage, Math.floor((limit * pageBytes) / text.length)))
  return {
    // The API server gives null for an empty list of metadata alone.
    items: items ?? [],
    next: metadata?.continue ? { continue: metadata.continue, limit: fitting } : undefined,
  }
}

/** The next page is on its way while one is looked through. */
async function* eachConfigMap(scope: Scope, filter: RecordFilter, accept?: string): AsyncGenerator<WireConfigMap> {
  let page: Page | undefined = await readPage(scope, filter, accept, { limit: firstPage })
  while (page !== undefined) {
    const next: Promise<Page> | undefined = page.next && readPage(scope, filter, accept, page.next)
    next?.catch(() => undefined) // told when its turn comes
    await turnOfTheLoop() // sends the request
    yield* page.items
    page = await next
  }
}

/** Records page by page, since there may be thousands. One that cannot be read comes with its problem. */
export async function* eachRecord(session: Session, filter: RecordFilter): AsyncGenerator<StoredRecord> {
  for await (const configMap of eachConfigMap(session, filter)) yield storedRecord(configMap)
}

/** The same of one kind, without those that cannot be read. */
export async function* readableRecords(session: Session, kind: OperationKind): AsyncGenerator<OperationRecord> {
  for await (const { record } of eachRecord(session, { kind })) if (record !== undefined) yield record
}

/** The namespaces that have records. @throws ApiException where only some namespaces may be read */
export async function namespacesWithRecords({ request }: Session): Promise<Set<string>> {
  const found = new Set<string>()
  for await (const { metadata } of eachConfigMap({ namespace: undefined, request }, {}, metadataOnly))
    if (metadata?.namespace !== undefined) found.add(metadata.namespace)
  return found
}

/** What is known of an operation without its record. */
export interface KnownOperation {
  operation: string
  kind: OperationKind | undefined
  createdAt: string | undefined
  releases: readonly string[]
  /** how it ended; undefined where it has not, or a version wrote it that did not say so here */
  ended: string | undefined
}

/**
 * The operations of the namespace by what stands on their records' labels, oldest first: some hundred bytes of each.
 */
export async function knownOperations(session: Session, kind?: OperationKind): Promise<KnownOperation[]> {
  const found: KnownOperation[] = []
  for await (const { metadata = {} } of eachConfigMap(session, { kind }, metadataOnly)) {
    const { labels: own = {}, annotations: notes = {}, name = '', creationTimestamp } = metadata
    found.push({
      operation: own[labels.operation] ?? name,
      kind: operationKinds.find((one) => one === own[labels.kind]),
      createdAt: creationTimestamp,
      releases: (notes[annotations.releases] ?? '').split(','),
      ended: own[labels.ended],
    })
  }
  return found.sort((a, b) => (a.createdAt ?? '').localeCompare(b.createdAt ?? ''))
}

/** The record of an operation as a list would have it, undefined where there is none. */
export async function findRecord(session: Session, operation: string): Promise<StoredRecord | undefined> {
  const found = await unlessMissing(
    session.core.readNamespacedConfigMap({ name: configMapName(operation, 'record'), namespace: session.namespace }),
  )
  if (found === undefined) return undefined
  const { creationTimestamp, ...metadata } = found.metadata ?? {}
  const createdAt = creationTimestamp?.toISOString()
  return storedRecord({
    ...(found.data !== undefined && { data: found.data }),
    metadata: { ...metadata, ...(createdAt !== undefined && { creationTimestamp: createdAt }) },
  })
}

function recordConfigMap(session: Session, record: OperationRecord): V1ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: configMapName(record.operation, 'record'),
      namespace: session.namespace,
      labels: {
        ...operationLabels(record.operation, record.kind),
        [labels.part]: 'record',
        ...recordLabels(record),
      },
      annotations: { [annotations.releases]: record.releases.join(',') },
    },
    data: {
      [partKey('record')]: JSON.stringify(withoutGuardReport(record)),
      ...(record.guard === undefined ? {} : { [guardReportKey]: JSON.stringify(record.guard) }),
    },
  }
}

/** Writes the record of an operation that has none yet. @throws ApiException (409) where it has one */
export async function writeRecord(session: Session, record: OperationRecord, dryRun: DryRun = 'none'): Promise<void> {
  if (dryRun === 'client') return
  await session.core.createNamespacedConfigMap({
    namespace: session.namespace,
    body: recordConfigMap(session, record),
    ...(dryRun === 'server' ? { dryRun: 'All' } : {}),
  })
}

/**
 * Reads a record, changes it and writes it back; does so again where the worker wrote in between.
 * @param change gives undefined to leave the record as it is
 * @returns the record as it then stands, undefined where there is none
 */
export async function changeRecord(
  session: Session,
  operation: string,
  change: (record: OperationRecord) => OperationRecord | undefined,
): Promise<OperationRecord | undefined> {
  for (let tries = 0; ; tries += 1) {
    const found = await readPart(session, operation, 'record')
    if (found === undefined) return undefined
    const record = recordIn(found.configMap)
    const changed = change(record)
    if (changed === undefined) return record
    const { [labels.ended]: _ended, ...others } = found.configMap.metadata?.labels ?? {}
    const body = {
      ...found.configMap,
      metadata: { ...found.configMap.metadata, labels: { ...others, ...recordLabels(changed) } },
      data: { ...found.configMap.data, [partKey('record')]: JSON.stringify(withoutGuardReport(changed)) },
    }
    try {
      await session.core.replaceNamespacedConfigMap({
        name: configMapName(operation, 'record'),
        namespace: session.namespace,
        body,
      })
      return changed
    } catch (error) {
      if (statusCode(error) !== 409 || tries >= 5) throw error
    }
  }
}

/** Removes request, journal and record of an operation; what is already gone is no error. */
export async function deleteParts(session: Session, operation: string): Promise<void> {
  // The record last: as long as it is there, a second try finds what is left.
  for (const part of ['request', 'journal', 'record'] as const) {
    await unlessMissing(
      session.core.deleteNamespacedConfigMap({ name: configMapName(operation, part), namespace: session.namespace }),
    )
  }
}
