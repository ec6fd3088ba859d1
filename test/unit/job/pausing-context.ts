import type { OperationContext } from '../../../job/context/operation-context.ts'
import { noGuard } from '../../../job/guard/in-worker/guard-link.ts'
import { openJournal } from '../../../job/journal/persisted-journal.ts'
import { phases } from '../../../job/context/phases.ts'
import { recordStore } from '../../../job/journal/record-store.ts'
import { newRecord, type OperationRecord } from '../../../operation/record.ts'
import type { OperationRequest, RequestOf } from '../../../operation/request.ts'
import type { WorkerEvent } from '../../../operation/event.ts'
import { jsonLineEvents } from '../../../job/process/events.ts'
import type { InMemoryCluster } from './in-memory-cluster.ts'

export type PauseRequest = RequestOf<'pause'>

export const plaintext = { enabled: false }

export function pauseRequest(changes: Partial<PauseRequest> = {}): PauseRequest {
  return {
    version: 1,
    operation: 'pause-test',
    namespace: 'ns',
    createdAt: '2026-11-21T00:00:00.000Z',
    createdBy: '0.1.0',
    target: { releases: [{ name: 'my-ledger', app: 'ledger' }], serviceUrls: [], addresses: [], tls: plaintext },
    kind: 'pause',
    pause: { drainMs: 1000, maxPauseMs: 20_000, guard: false },
    ...changes,
  }
}

export interface TestContext<K extends OperationRequest['kind']> {
  context: OperationContext<K>
  events: WorkerEvent[]
  stop: AbortController
}

/** The record of an operation that has done nothing yet. */
export function firstRecord({ operation, kind, namespace, createdAt, target }: OperationRequest): OperationRecord {
  const releases = target.releases.map(({ name }) => name)
  return newRecord({ operation, kind, namespace, releases, createdAt, plugin: '0.1.0' })
}

/** A context over a cluster that may have seen an earlier worker of the same operation. */
export async function contextOf<K extends OperationRequest['kind']>(
  request: RequestOf<K>,
  cluster: InMemoryCluster,
  guard = noGuard,
): Promise<TestContext<K>> {
  const said: WorkerEvent[] = []
  const events = jsonLineEvents((line) => said.push(JSON.parse(line) as WorkerEvent))
  const stop = new AbortController()
  const { operation } = request
  const known = await cluster.findRecord(operation)
  const record = recordStore(known ?? firstRecord(request), (current) => cluster.writeRecord(current))
  const journal = await openJournal(operation, {
    read: () => cluster.readJournal(operation),
    write: (document) => cluster.writeJournal(document),
  })
  return {
    context: { request, cluster, guard, events, journal, record, signal: stop.signal, phase: phases(record, events) },
    events: said,
    stop,
  }
}
