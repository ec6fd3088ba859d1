// Room: tests of the worker and its guard, beside what several of their rooms share.
// Read in-memory-cluster, pausing-context, then the room in question.

import { Failure } from '../../../operation/failure.ts'
import { pausedBy } from '../../../operation/outcome/outcome.ts'
import type { JournalDocument } from '../../../operation/journal.ts'
import type { JobState } from '../../../operation/outcome/job-state.ts'
import type { GuardReport, OperationRecord } from '../../../operation/record.ts'
import type { ReleaseEvent } from '../../../job/process/told-on-releases.ts'
import { GaveWay } from '../../../job/process/gave-way.ts'
import {
  noRecord,
  type Cluster,
  type Managed,
  type OperationPod,
  type ReleaseChange,
  type ReleasePod,
  type WorkloadFact,
} from '../../../job/kubernetes/cluster.ts'

/** A cluster that is only data, for tests of what is built on it; test/end-to-end/worker/ has the real one. */
export interface InMemoryCluster extends Cluster {
  pods: ReleasePod[]
  facts: Record<string, WorkloadFact>
  recordsByName: Map<string, OperationRecord>
  journals: Map<string, JournalDocument>
  /** release -> operation */
  held: Map<string, string>
  /** `name/key` of a ConfigMap -> its text */
  texts: Map<string, string>
  /** what ConfigMaps bear, by name */
  managed: Map<string, Partial<Managed>>
  suspended: boolean
  /** pods of workers and guards */
  podsOfOperation: OperationPod[]
  job: JobState
  /** whether Leases are renewed at this moment */
  renewing: boolean
  reports: Map<string, GuardReport>
  /** operation -> the process that has taken it over */
  writers: Map<string, symbol>
  /** operation -> who asked it to end its pause */
  endRequests: Map<string, string>
  /** address -> Service */
  services: Map<string, string>
  missing: string[]
  /** tells every watch */
  change(change: ReleaseChange): void
  /** aborts what `lost` says of every Lease */
  loseLeases(reason: Error): void
  /** what was told on releases */
  told: ReleaseEvent[]
  /** what was asked, in order, for tests of what happens when */
  calls: string[]
}

export function inMemoryCluster(pods: ReleasePod[]): InMemoryCluster {
  const watches = new Set<(change: ReleaseChange) => void>()
  const lost = new AbortController()
  let renewedMs = performance.now()
  const lookAtLeases = () => {
    if (cluster.renewing) renewedMs = performance.now()
    return renewedMs
  }
  const of = (releases: readonly string[]) => cluster.pods.filter(({ release }) => releases.includes(release))
  const cluster: InMemoryCluster = {
    ...writesOfProcess(() => cluster),
    writers: new Map(),
    pods,
    facts: {},
    recordsByName: new Map(),
    journals: new Map(),
    held: new Map(),
    texts: new Map(),
    managed: new Map(),
    suspended: false,
    podsOfOperation: [],
    job: { phase: 'active' },
    renewing: true,
    reports: new Map(),
    endRequests: new Map(),
    services: new Map(),
    missing: [],
    told: [],
    calls: [],
    change: (change) => watches.forEach((changed) => changed(change)),
    loseLeases: (reason) => lost.abort(reason),
    namespace: 'ns',
    async releaseState(releases) {
      cluster.calls.push('releaseState')
      return structuredClone({ pods: of(releases), workloads: cluster.facts })
    },
    serviceAddresses: async () => cluster.services,
    scalarPods: async () => structuredClone(cluster.pods),
    async watchReleases(_, changed, signal) {
      cluster.calls.push('watch')
      watches.add(changed)
      signal.addEventListener('abort', () => watches.delete(changed))
      return { catchUp: () => Promise.resolve() }
    },
    workloads: async () => [],
    scale: async () => undefined,
    async tellOnReleases(event) {
      cluster.told.push(event)
    },
    waitForNoPods: async () => undefined,
    waitForReady: async () => undefined,
    async takeLeases(releases, holder) {
      cluster.calls.push('takeLeases')
      for (const release of releases) {
        const other = cluster.held.get(release)
        if (other !== undefined && other !== holder)
          throw new Failure({ what: `${release} is in use by another operation`, why: `${other} has it`, next: 'wait' })
      }
      for (const release of releases) cluster.held.set(release, holder)
      return {
        lost: lost.signal,
        taken: lost.signal,
        renewedMs: lookAtLeases,
        async release() {
          for (const release of releases) cluster.held.delete(release)
        },
      }
    },
    async leasesOfOthers(releases, holder) {
      return new Map([...cluster.held].filter(([release, other]) => releases.includes(release) && other !== holder))
    },
    async leaseVersions(releases, holder) {
      return releases
        .filter((release) => cluster.held.get(release) === holder)
        .map((release) => `${release} ${lookAtLeases()}`)
    },
    missingRights: async () => cluster.missing,
    records: async (keep) => structuredClone([...cluster.recordsByName.values()].filter(keep)),
    pausingRecords: async () =>
      structuredClone([...cluster.recordsByName.values()].filter((record) => pausedBy(record).length > 0)),
    async findRecord(operation) {
      const [record, guard] = [cluster.recordsByName.get(operation), cluster.reports.get(operation)]
      return structuredClone(record === undefined || guard === undefined ? record : { ...record, guard })
    },
    async readRecord(operation) {
      const record = cluster.recordsByName.get(operation)
      if (record === undefined) throw noRecord(operation, cluster.namespace)
      return structuredClone(record)
    },
    readJournal: async (operation) => structuredClone(cluster.journals.get(operation)),
    async writeGuardReport(operation, report) {
      await cluster.readRecord(operation)
      cluster.reports.set(operation, structuredClone(report))
    },
    async askToEnd(operation, asker) {
      await cluster.readRecord(operation)
      cluster.endRequests.set(operation, asker)
    },
    askedToEnd: async (operation) => cluster.endRequests.get(operation),
    operationPods: async () => structuredClone(cluster.podsOfOperation),
    workerJob: async () => structuredClone(cluster.job),
    async deleteRecord(operation) {
      cluster.recordsByName.delete(operation)
      cluster.reports.delete(operation)
      cluster.endRequests.delete(operation)
    },
    configMapManaged: async (name) => ({
      immutable: false,
      labels: {},
      annotations: {},
      owners: [],
      ...cluster.managed.get(name),
    }),
    configMapText: async (name, key) => cluster.texts.get(`${name}/${key}`),
    async changeConfigMapText(name, key, change) {
      const text = await cluster.configMapText(name, key)
      if (text === undefined)
        throw new Failure({ what: `ConfigMap ${name} cannot be changed`, why: 'it is not there', next: 'none' })
      const changed = change(text)
      if (changed !== cluster.texts.get(`${name}/${key}`)) cluster.calls.push('changeConfigMapText')
      cluster.texts.set(`${name}/${key}`, changed)
    },
    cancelled: async () => cluster.suspended,
  }
  return cluster
}

/** The same cluster as another process sees it, which may take an operation over from the first. */
export function asAnotherProcess(cluster: InMemoryCluster): InMemoryCluster {
  return Object.assign(
    Object.create(cluster) as InMemoryCluster,
    writesOfProcess(() => cluster),
  )
}

function writesOfProcess(its: () => InMemoryCluster): Pick<Cluster, 'takeOver' | 'writeRecord' | 'writeJournal'> {
  const process = Symbol('process')
  const taken = new Set<string>()
  const prove = (operation: string) => {
    if (taken.has(operation) && its().writers.get(operation) !== process) throw new GaveWay('it has another writer')
  }
  return {
    async takeOver(operation) {
      taken.add(operation)
      its().writers.set(operation, process)
    },
    async writeRecord(record) {
      its().calls.push('writeRecord')
      prove(record.operation)
      its().recordsByName.set(record.operation, structuredClone(record))
    },
    async writeJournal(journal) {
      its().calls.push('writeJournal')
      prove(journal.operation)
      its().journals.set(journal.operation, structuredClone(journal))
    },
  }
}
