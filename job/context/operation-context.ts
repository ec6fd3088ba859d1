// Room: what every operation is given with its request.
// Read operation-context, phases, handed-on.

import type { RequestOf, OperationRequest } from '../../operation/request.ts'
import type { OperationRecord } from '../../operation/record.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { PodsElsewhere } from '../kubernetes/elsewhere/pods-elsewhere.ts'
import type { ReleaseSecrets } from '../kubernetes/secrets/release-secrets.ts'
import type { Events } from '../process/events.ts'
import type { GuardLink } from '../guard/in-worker/guard-link.ts'
import type { Journal } from '../journal/journal.ts'
import type { RecordStore } from '../journal/record-store.ts'
import type { Signing } from './signing.ts'

/** What every operation is given, with its request. */
export type OperationContext<K extends OperationRequest['kind']> = OperationTools & { request: RequestOf<K> }

interface OperationTools {
  cluster: Cluster
  /** the pods of another namespace, of the operation's own where none is named; absent where no cluster is there */
  podsIn?: ((namespace?: string) => PodsElsewhere) | undefined
  /** the Secrets that the worker's Role names; absent where no cluster is there */
  secrets?: ReleaseSecrets | undefined
  /** stands by while this operation pauses, where it was asked for */
  guard: GuardLink
  events: Events
  journal: Journal
  record: RecordStore
  /** whose records are trusted, and what records are signed with; undefined where the installation has no key */
  signing?: Signing | undefined
  /** aborted on SIGTERM: end what runs, unpause, put things back, and throw the signal's reason */
  signal: AbortSignal
  /** runs one phase of the time line: in the record and as events */
  phase<T>(name: string, run: () => Promise<T>): Promise<T>
}

/** The record of another operation of the namespace, read through the cluster. */
export type ReadRecord = (operation: string) => Promise<OperationRecord>
