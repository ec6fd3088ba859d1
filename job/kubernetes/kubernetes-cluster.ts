import { Failure } from '../../operation/failure.ts'
import { withGuardReport, withoutGuardReport } from '../../operation/outcome/guard-report.ts'
import { journalSchema } from '../../operation/journal.ts'
import { endRequestKey, guardReportKey, jobName, labels } from '../../operation/names.ts'
import { pausedBy, recordLabels } from '../../operation/outcome/outcome.ts'
import { parseRecord, type OperationRecord } from '../../operation/record.ts'
import type { Api } from './api.ts'
import { askIfAny } from './ask.ts'
import { noRecord, type Cluster } from './cluster.ts'
import { configMapParts, type PartData } from './config-map-parts.ts'
import { changeConfigMapText, readConfigMapManaged, readConfigMapText } from './config-map-text.ts'
import { leases, leasesOfOthers, leaseVersions } from './leases.ts'
import { operationPods, workerJob } from './operation-pods.ts'
import { releaseState, scalarPods, serviceAddresses } from './release-state.ts'
import { watchReleases } from './watch-releases.ts'
import { missingRights } from './rights.ts'
import { scale, tellOnReleases, waitForNoPods, waitForReady, workloads } from './workloads.ts'

/** The Kubernetes API of one namespace, as the worker uses it. */
export function kubernetesCluster(api: Api, namespace: string): Cluster {
  const parts = configMapParts(api, namespace)

  async function findRecord(operation: string): ReturnType<Cluster['findRecord']> {
    const json = await parts.read(operation, 'record')
    if (json === undefined) return undefined
    return withGuardReport(
      parseRecord(json, `the record of ${operation}`),
      parts.beside(operation, 'record', guardReportKey),
    )
  }

  return {
    namespace,
    releaseState: (releases, patienceMs) => releaseState(api, namespace, releases, patienceMs),
    serviceAddresses: () => serviceAddresses(api, namespace),
    scalarPods: () => scalarPods(api, namespace),
    watchReleases: (releases, changed, signal) => watchReleases(api, namespace, releases, changed, signal),
    workloads: (releases) => workloads(api, namespace, releases),
    scale: (workload, replicas) => scale(api, namespace, workload, replicas),
    tellOnReleases: (event) => tellOnReleases(api, namespace, event),
    waitForNoPods: (releases, timeoutMs, signal, left) =>
      waitForNoPods(api, namespace, releases, timeoutMs, signal, left),
    waitForReady: (names, timeoutMs, signal) => waitForReady(api, namespace, names, timeoutMs, signal),
    takeLeases: leases(api, namespace),
    leaseVersions: (releases, holder) => leaseVersions(api, namespace, releases, holder),
    leasesOfOthers: (releases, holder) => leasesOfOthers(api, namespace, releases, holder),
    missingRights: (releases) => missingRights(api, namespace, releases),
    records: (keep) => recordsOf(parts.each('record'), keep),
    // Those of a version that did not label them yet are read as well.
    pausingRecords: () => recordsOf(parts.each('record', `!${labels.ended}`), (record) => pausedBy(record).length > 0),
    takeOver: parts.takeOver,
    findRecord,
    async readRecord(operation) {
      const record = await findRecord(operation)
      if (record !== undefined) return record
      throw noRecord(operation, namespace)
    },
    async writeRecord(record, patience) {
      const content = {
        json: recordText(withoutGuardReport(record)),
        releases: record.releases,
        labels: recordLabels(record),
      }
      await parts.write(record.operation, 'record', content, patience)
    },
    writeGuardReport: (operation, report) => parts.patchRecord(operation, guardReportKey, JSON.stringify(report)),
    askToEnd: (operation, asker) => parts.patchRecord(operation, endRequestKey, asker),
    askedToEnd: (operation) => parts.peek(operation, 'record', endRequestKey),
    async readJournal(operation) {
      const json = await parts.read(operation, 'journal')
      if (json === undefined) return undefined
      const parsed = journalSchema.safeParse(JSON.parse(json))
      if (parsed.success) return parsed.data
      throw new Failure({
        what: `the journal of ${operation} cannot be read`,
        why: 'it is damaged, or of another version of this program',
        next:
          'use the worker image of the version that began the operation; ' +
          "look at the operation's ConfigMaps with kubectl",
      })
    },
    writeJournal: (journal, patience) =>
      parts.write(journal.operation, 'journal', { json: JSON.stringify(journal) }, patience),
    async deleteRecord(operation) {
      await parts.remove(operation, 'record')
    },
    configMapText: (name, key) => readConfigMapText(api, namespace, name, key),
    configMapManaged: (name) => readConfigMapManaged(api, namespace, name),
    changeConfigMapText: (name, key, change) => changeConfigMapText(api, namespace, name, key, change),
    async cancelled(operation) {
      const job = await askIfAny('get its own job', () =>
        api.batch.readNamespacedJob({ name: jobName(operation), namespace }),
      )
      // A deleted Job starts no further worker either.
      return job === undefined || job.spec?.suspend === true || job.metadata?.deletionTimestamp !== undefined
    },
    operationPods: (operation) => operationPods(api, namespace, operation),
    workerJob: (operation) => workerJob(api, namespace, operation),
  }
}

/** The records among ConfigMaps that can be read, and are to be kept. */
async function recordsOf(
  found: AsyncGenerator<PartData>,
  keep: (record: OperationRecord) => boolean,
): Promise<OperationRecord[]> {
  const kept: OperationRecord[] = []
  for await (const { operation, json, data } of found) {
    const record = readable(operation, json)
    if (record === undefined) continue
    const whole = withGuardReport(record, data[guardReportKey])
    if (keep(whole)) kept.push(whole)
  }
  return kept
}

function readable(operation: string, json: string): OperationRecord | undefined {
  try {
    return parseRecord(json, `the record of ${operation}`)
  } catch {
    return undefined
  }
}

/** What a ConfigMap holds at most is a mebibyte; up to half of that, a record is written for people to read. */
const readableBytes = 512 * 1024

function recordText(record: unknown): string {
  const readable = JSON.stringify(record, null, 2)
  return Buffer.byteLength(readable) <= readableBytes ? readable : JSON.stringify(record)
}
