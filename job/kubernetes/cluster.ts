import type { JournalDocument } from '../../operation/journal.ts'
import type { OperationRecord } from '../../operation/record.ts'

/** A pod of a release, as far as a pause needs to know it. */
export interface ReleasePod {
  name: string
  uid: string
  ip: string
  ready: boolean
  restarts: number
  release: string
  app: string
  /** the admin port that its Service names, else the product's own */
  adminPort: number
}

/** Everything whose change would make a pause window prove nothing; compared before and after. */
export interface ReleaseState {
  pods: ReleasePod[]
  /** name -> `metadata.generation` and replica counts of Deployments (and ReplicaSets) */
  workloads: Record<string, string>
}

/** A Deployment of a release and how many replicas it is meant to have. */
export interface ReleaseWorkload {
  name: string
  release: string
  replicas: number
  readyReplicas: number
}

/** A held Lease, renewed in the background until release(). */
export interface HeldLease {
  /** aborted when somebody else took the Lease or it could not be renewed in time */
  lost: AbortSignal
  release(): Promise<void>
}

/** The Kubernetes API as the worker uses it, in the operation's own namespace. */
export interface Cluster {
  namespace: string
  /** ready or not, sorted by name; pods that are terminating are left out of `ready` */
  releaseState(releases: readonly string[]): Promise<ReleaseState>
  /** calls `changed` on every change of the releases' pods or Deployments until `signal` aborts; answers once the watch stands */
  watchReleases(releases: readonly string[], changed: (what: string) => void, signal: AbortSignal): Promise<void>
  workloads(releases: readonly string[]): Promise<ReleaseWorkload[]>
  /** sets a Deployment's replicas through its scale subresource */
  scale(workload: string, replicas: number): Promise<void>
  /** waits until no pod of the releases is left, or throws a Failure naming those that stay */
  waitForNoPods(releases: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<void>
  /** waits until every Deployment has its replicas ready, or throws a Failure saying what the pods wait for */
  waitForReady(workloads: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<void>
  /** takes the Lease of each release, all or none. @throws Failure naming the operation that holds one */
  takeLeases(releases: readonly string[], holder: string): Promise<HeldLease>
  /** undefined when the namespace has no such record */
  findRecord(operation: string): Promise<OperationRecord | undefined>
  readRecord(operation: string): Promise<OperationRecord>
  /** creates or replaces */
  writeRecord(record: OperationRecord): Promise<void>
  readJournal(operation: string): Promise<JournalDocument | undefined>
  writeJournal(journal: JournalDocument): Promise<void>
  deleteRecord(operation: string): Promise<void>
  /** whether this operation's Job was suspended, which is how `cancel` asks for an end */
  cancelled(operation: string): Promise<boolean>
}
