import type { V1Lease } from '@kubernetes/client-node'
import { leaseName } from '../../../operation/names.ts'
import { delay, unlessMissing } from '../api/api-error.ts'
import type { Session } from '../api/session.ts'

/**
 * Longer than a worker takes to renew its Lease: one that looks expired only because clocks differ is seen to live. ms
 */
const watchMs = 2500

/** The operations that are at work on these releases, by release: those that hold its Lease and renew it. */
export async function leaseHolders(session: Session, releases: readonly string[]): Promise<Map<string, string>> {
  const found = await Promise.all(
    releases.map(async (release): Promise<[string, string][]> => {
      const lease = await readLease(session, release)
      const holder = lease?.spec?.holderIdentity?.split('/')[0] ?? ''
      return lease !== undefined && holder !== '' && (await isLive(session, release, lease)) ? [[release, holder]] : []
    }),
  )
  return new Map(found.flat())
}

function readLease({ coordination, namespace }: Session, release: string): Promise<V1Lease | undefined> {
  return unlessMissing(coordination.readNamespacedLease({ name: leaseName(release), namespace }))
}

async function isLive(session: Session, release: string, lease: V1Lease): Promise<boolean> {
  const { renewTime, leaseDurationSeconds = 0 } = lease.spec ?? {}
  if (renewTime !== undefined && Date.now() - new Date(renewTime).getTime() < leaseDurationSeconds * 1000) return true
  await delay(watchMs, AbortSignal.timeout(watchMs))
  const later = await readLease(session, release)
  return later !== undefined && later.metadata?.resourceVersion !== lease.metadata?.resourceVersion
}
