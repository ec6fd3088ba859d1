import type { V1Pod, V1Service } from '@kubernetes/client-node'
import type { OperationRecord } from '../../../operation/record.ts'
import type { Release } from './releases.ts'
import type { Session } from '../api/session.ts'
import { backupState, notMade } from '../records/backup-state.ts'
import { clusterDomain } from './cluster-domain.ts'
import { pausedPods, type PausedPods } from '../admin/paused-pods.ts'
import { findReleases, listReleases } from './releases.ts'
import { findOperation, pausingRecords } from '../records/operations.ts'
import { eachRecord, findRecord, knownOperations, type KnownOperation } from '../records/records.ts'
import { isFinal, pausedBy } from '../../../operation/outcome/outcome.ts'
import { storageOf } from './release-storage.ts'

/** What `status` tells of one product of a release. */
export interface ReleaseStatus {
  release: string
  namespace: string
  product: string
  ready: number
  /** pods that there are, or that its Deployment is to have where that is more */
  pods: number
  /** SRV name of the admin port, undefined where no headless Service has it */
  srv: string | undefined
  storage: string | undefined
  /**
   * as the servers say it, and where they do not, the records; `by` and `since` only where a record of ours has them
   */
  paused: { by?: string; since?: string; lasting: boolean; pods?: string[] } | undefined
  lastBackup: { name: string; state: string; createdAt: string; restorePoint: string | undefined } | undefined
}

function isReady(pod: V1Pod): boolean {
  return (
    pod.metadata?.deletionTimestamp === undefined &&
    pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true
  )
}

function srvName(release: Release, services: readonly V1Service[], domain: string): string | undefined {
  const ofPods = release.deployment?.spec?.template.metadata?.labels ?? release.pods[0]?.metadata?.labels ?? {}
  for (const service of services) {
    const selector = Object.entries(service.spec?.selector ?? {})
    const headless =
      service.spec?.clusterIP === 'None' &&
      selector.length > 0 &&
      selector.every(([key, value]) => ofPods[key] === value)
    const port = headless
      ? service.spec?.ports?.find(
          ({ name, port }) => name === release.product.adminPortName || port === release.product.adminPort,
        )
      : undefined
    if (port?.name !== undefined)
      return `_${port.name}._tcp.${service.metadata?.name}.${service.metadata?.namespace}.svc.${domain}`
  }
  return undefined
}

/**
 * The pause that holds a release now, from the records: a window not closed yet, or servers that an operation could not
 * unpause.
 */
export function pauseOf(release: string, records: readonly OperationRecord[]): ReleaseStatus['paused'] {
  const own = records.filter((record) => record.releases.includes(release))
  const endedSince = (since: string) =>
    own.some((record) => record.kind === 'unpause' && record.state === 'succeeded' && (record.finishedAt ?? '') > since)
  for (const record of own.toReversed()) {
    const window = record.windows.findLast((window) => window.allUnpausedAt === undefined)
    const since = window?.allPausedAt ?? window?.pauseSentAt ?? record.finishedAt ?? record.createdAt
    if (pausedBy(record).length > 0 && !endedSince(since))
      return { by: record.operation, since, lasting: isFinal(record) }
  }
  return undefined
}

/**
 * What the servers say goes before what the records remember: pods may have been replaced, and others can pause as
 * well.
 */
export function pauseNow(known: ReleaseStatus['paused'], { paused, complete }: PausedPods): ReleaseStatus['paused'] {
  if (paused.length > 0) return { ...(known ?? { lasting: false }), pods: paused }
  // a pause that is under way is just beginning or ending
  return complete && known?.lasting === true ? undefined : known
}

/** The latest backup of a release that was made. @param known every backup, oldest first */
async function lastBackupOf(
  session: Session,
  release: string,
  known: readonly KnownOperation[],
): Promise<ReleaseStatus['lastBackup']> {
  for (const { operation, releases, ended } of known.toReversed()) {
    if (!releases.includes(release)) continue
    // Of one that has ended, the Job has no more to say.
    const stored =
      ended === undefined ? await findOperation(session, operation, 'backup') : await findRecord(session, operation)
    const record = stored?.record
    if (record === undefined || notMade(record)) continue
    return {
      name: record.backup?.name ?? record.operation.replace(/^backup-/, ''),
      state: backupState(record),
      createdAt: record.createdAt,
      restorePoint: record.backup?.restorePoint,
    }
  }
  return undefined
}

/**
 * What tells of pauses: the records that call servers paused, and of those any has ended since, the ways it was ended.
 */
async function pauseRecords(session: Session): Promise<OperationRecord[]> {
  const pausing = await pausingRecords(session)
  if (pausing.length === 0) return []
  const unpauses: OperationRecord[] = []
  for await (const { record } of eachRecord(session, { kind: 'unpause' }))
    if (record !== undefined) unpauses.push(record)
  return [...pausing, ...unpauses].sort((a, b) => a.createdAt.localeCompare(b.createdAt))
}

/**
 * How the releases of the session's namespace stand, those named or all.
 * @throws Failure where one that is named does not exist
 */
export async function releaseStatus(session: Session, names: readonly string[]): Promise<ReleaseStatus[]> {
  const beside = Promise.all([
    session.core.listNamespacedService({ namespace: session.namespace }),
    pauseRecords(session),
    knownOperations(session, 'backup'),
    clusterDomain(session),
  ])
  beside.catch(() => undefined) // of no matter where there is no release
  const releases = names.length === 0 ? await listReleases(session) : await findReleases(session, names)
  if (releases.length === 0) return []
  const [services, records, backups, domain] = await beside
  return Promise.all(
    releases.map(async (release) => {
      const [storage, pods, lastBackup] = await Promise.all([
        storageOf(session, release),
        pausedPods(session, release, services.items),
        lastBackupOf(session, release.name, backups),
      ])
      return {
        release: release.name,
        namespace: session.namespace,
        product: release.product.title,
        ready: release.pods.filter(isReady).length,
        pods: Math.max(release.pods.length, release.deployment?.spec?.replicas ?? 0),
        srv: srvName(release, services.items, domain),
        storage,
        paused: pauseNow(pauseOf(release.name, records), pods),
        lastBackup,
      }
    }),
  )
}
