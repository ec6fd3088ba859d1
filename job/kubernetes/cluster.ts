// Room: the Kubernetes API as the worker and the guard use it, in one namespace.
// Read cluster (the interface), kubernetes-cluster, then what each call needs: ask, leases, watch-kind.

import { Failure } from '../../operation/failure.ts'
import type { JobState } from '../../operation/outcome/job-state.ts'
import type { JournalDocument } from '../../operation/journal.ts'
import type { Role } from '../../operation/names.ts'
import type { GuardReport, OperationRecord } from '../../operation/record.ts'
import type { ReleaseEvent } from '../process/told-on-releases.ts'

/** A pod of a release, as far as a pause needs to know it. */
export interface ReleasePod {
  name: string
  uid: string
  ip: string
  /** its addresses of the other family, where the cluster has both */
  otherIps?: string[]
  /** serving and not terminating */
  ready: boolean
  /** why it is not ready, where it is not */
  trouble?: string
  /** it has been told to end */
  deleting?: boolean
  /** of its server's process; 0 where it is not clear which container that is */
  restarts: number
  /** of all its other containers: proxies, log agents */
  otherRestarts: number
  release: string
  app: string
  /** the admin port that its Service names, else the product's own */
  adminPort: number
}

/** What of an object of a release must not change in a pause. */
export type WorkloadFact =
  | { kind: 'Deployment'; uid: string; generation: number; replicas: number }
  | { kind: 'ReplicaSet'; uid: string; replicas: number }
  | { kind: 'EndpointSlice'; uid: string; addresses: string[] }

/** Everything whose change would make a pause window prove nothing; compared before and after. */
export interface ReleaseState {
  pods: ReleasePod[]
  /** by kind and name: `Deployment/my-ledger` */
  workloads: Record<string, WorkloadFact>
}

/**
 * One change of a release, as the watch tells it or the comparison of two states finds it; absent before: it appeared,
 * absent now: it vanished.
 */
export type ReleaseChange =
  | { of: 'pod'; name: string; before?: ReleasePod; now?: ReleasePod }
  | { of: 'workload'; name: string; before?: WorkloadFact; now?: WorkloadFact }
  /** what could not be watched, for people */
  | { of: 'watch'; trouble: string }

/** A watch on releases. */
export interface ReleaseWatch {
  /**
   * Answers when everything that happened up to now has been told; what could not be had by then is told as trouble.
   */
  catchUp(patienceMs: number): Promise<void>
}

/** A Deployment of a release and how many replicas it is meant to have. */
export interface ReleaseWorkload {
  name: string
  release: string
  replicas: number
  readyReplicas: number
  /** who else set its replicas last, as far as the API server tells */
  scaledBy?: string | undefined
  /** how long its pods have to end, ms */
  graceMs?: number
}

/** A pod of an operation: of its worker or of its guard. */
export interface OperationPod {
  name: string
  uid: string
  role: Role
  /** empty while it has none */
  ip: string
  /** empty while it has none */
  node: string
  /** it has no address of its own */
  hostNetwork?: boolean
  running: boolean
  /** what it waits for, or why it ended */
  trouble?: string
}

/** A held Lease, renewed in the background until release(). */
export interface HeldLease {
  /** aborted when somebody else took the Lease or it could not be renewed in time */
  lost: AbortSignal
  /** aborted only when somebody else took it */
  taken: AbortSignal
  /**
   * When the last renewal that succeeded was sent (of several Leases, the one renewed longest ago), ms of
   * performance.now(); undefined where no release needed one.
   */
  renewedMs(): number | undefined
  release(): Promise<void>
}

/** How long to keep asking an API server that does not answer. */
export interface Patience {
  ms: number
  /** once aborted, no longer than usual */
  stopping: AbortSignal
}

/** The releases of the namespace: their pods and what must not change in a pause. */
export interface Releases {
  /** ready or not, sorted by name; pods that are terminating are left out of `ready` */
  releaseState(
    releases: readonly string[],
    /** how long to keep asking an API server that does not answer */ patienceMs?: number,
  ): Promise<ReleaseState>
  /** the pods of every Scalar product in the namespace, to find whose an address is */
  scalarPods(): Promise<ReleasePod[]>
  /** the name of every Service of the namespace, by each address that leads to its pods */
  serviceAddresses(): Promise<Map<string, string>>
  /**
   * calls `changed` on every change of the releases' pods, Deployments, ReplicaSets or EndpointSlices until `signal`
   * aborts; answers once the watch stands
   */
  watchReleases(
    releases: readonly string[],
    changed: (change: ReleaseChange) => void,
    signal: AbortSignal,
  ): Promise<ReleaseWatch>
}

/** The Deployments of releases: stopped and started. */
export interface Workloads {
  workloads(releases: readonly string[]): Promise<ReleaseWorkload[]>
  /** sets a Deployment's replicas through its scale subresource */
  scale(workload: string, replicas: number): Promise<void>
  /**
   * Waits until no pod of the releases is left, or throws a Failure naming those that stay.
   * @param left told how many there still are, at every look
   */
  waitForNoPods(
    releases: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
    left?: (count: number) => void,
  ): Promise<void>
  /**
   * Tells on the Deployments of releases what is done to them: a Kubernetes Event on each, which the API server keeps
   * for an hour or so. Asked once. @throws Failure where it cannot be told
   */
  tellOnReleases(event: ReleaseEvent): Promise<void>
  /** waits until every Deployment has its replicas ready, or throws a Failure saying what the pods wait for */
  waitForReady(workloads: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<void>
}

/** Who works on a release at this moment. */
export interface Leases {
  /** takes the Lease of each release, all or none. @throws Failure naming the operation that holds one */
  takeLeases(releases: readonly string[], holder: string): Promise<HeldLease>
  /** operations other than `holder` that hold a release's Lease at this moment, by release */
  leasesOfOthers(releases: readonly string[], holder: string): Promise<Map<string, string>>
  /**
   * One look at the Leases that an operation holds: their versions, each new with every renewal. It is not asked twice,
   * since what cannot be seen is an answer as well.
   * @throws where the API server does not answer
   */
  leaseVersions(releases: readonly string[], holder: string): Promise<string[]>
}

/** What operations keep in ConfigMaps: records and journals, and what others write beside them. */
export interface Records {
  /**
   * From here on this process alone writes the operation's record and journal. Whoever wrote them before, and is alive
   * after all, gives way: its next write throws GaveWay.
   */
  takeOver(operation: string): Promise<void>
  /**
   * Every record of the namespace that can be read, and is to be kept: of thousands, no more than a page is in memory
   * beside those.
   */
  records(keep: (record: OperationRecord) => boolean): Promise<OperationRecord[]>
  /** the records among them that call servers paused: of operations that hold a pause, or left one */
  pausingRecords(): Promise<OperationRecord[]>
  /** undefined when the namespace has no such record */
  findRecord(operation: string): Promise<OperationRecord | undefined>
  readRecord(operation: string): Promise<OperationRecord>
  /** creates or replaces; what the guard reported beside it stays */
  writeRecord(record: OperationRecord, patience?: Patience): Promise<void>
  deleteRecord(operation: string): Promise<void>
  readJournal(operation: string): Promise<JournalDocument | undefined>
  writeJournal(journal: JournalDocument, patience?: Patience): Promise<void>
  /**
   * Keeps the guard's report beside the record, and leaves the record as it is.
   * @throws Failure where there is no record, or no answer
   */
  writeGuardReport(operation: string, report: GuardReport): Promise<void>
  /**
   * Asks an operation to end the pause that it holds, so that its own checks run first.
   * @throws Failure where there is no record, or no answer
   */
  askToEnd(operation: string, asker: string): Promise<void>
  /**
   * One look at who asked an operation to end its pause; undefined: nobody.
   * @throws where the API server does not answer
   */
  askedToEnd(operation: string): Promise<string | undefined>
}

/** What an object bears that tells who else manages it. */
export interface Managed {
  immutable: boolean
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  owners: readonly { kind: string; name: string }[]
}

/** The ConfigMaps of releases, which hold their properties. */
export interface ReleaseFiles {
  /** the text under one key of a ConfigMap of a release; undefined where there is none */
  configMapText(name: string, key: string): Promise<string | undefined>
  /** who else manages a ConfigMap; undefined where there is none */
  configMapManaged(name: string): Promise<Managed | undefined>
  /**
   * changes that text and nothing else of the ConfigMap; `change` is called again where somebody else changed it
   * meanwhile. @throws Failure where there is none, or it is immutable
   */
  changeConfigMapText(name: string, key: string, change: (text: string) => string): Promise<void>
}

/** The Jobs of operations and their pods. */
export interface OperationJobs {
  /** whether this operation's Job was suspended, which is how `cancel` asks for an end */
  cancelled(operation: string): Promise<boolean>
  /** the pods that the Jobs of an operation's worker and guard have made, oldest first */
  operationPods(operation: string): Promise<OperationPod[]>
  /** how the worker's Job stands; active while a pod of it may still do something */
  workerJob(operation: string): Promise<JobState>
}

/** The Kubernetes API as the worker uses it, in the operation's own namespace. Ask for the part that you need. */
export interface Cluster extends Releases, Workloads, Leases, Records, ReleaseFiles, OperationJobs {
  namespace: string
  /** the rights that the worker needs and does not have, for people: `watch pods` */
  missingRights(/** what is named in a Role may be these alone */ releases: readonly string[]): Promise<string[]>
}

/** The one right without which an operation does all the same, and tells less: see Workloads.tellOnReleases. */
export const rightToTell = 'create events'

/** An operation has no record in a namespace: none was written yet, or it was deleted. */
export function noRecord(operation: string, namespace: string): Failure {
  return new Failure({
    what: `there is no ${operation}`,
    why: `namespace ${namespace} has no record of it`,
    next:
      'list what there is with `kubectl scalardl get backups`, ' +
      'or bring a record of another cluster with `kubectl scalardl import`',
  })
}
