import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Lease } from '@kubernetes/client-node'
import { V1MicroTime } from '@kubernetes/client-node/dist/types.js'
import { formatDuration } from '../../operation/duration.ts'
import { Failure } from '../../operation/failure.ts'
import { annotations, labels, leaseName, managedBy } from '../../operation/names.ts'
import { GaveWay } from '../process/gave-way.ts'
import type { Api } from './api.ts'
import { ask, askIfAny, statusOf } from './ask.ts'
import type { HeldLease } from './cluster.ts'

/** A Lease that is not renewed for this long may be taken by another operation. */
const durationS = 15
const renewMs = 1000
/** Longer than a live holder takes to renew: one that looks expired only because clocks differ is seen to live. */
const watchMs = 2500

/** Takes Leases for one worker. Those that it holds already are shared, and let go by the last to release them. */
export type TakeLeases = (releases: readonly string[], holder: string) => Promise<HeldLease>

/** One held Lease. */
interface Held {
  count: number
  lost: AbortController
  taken: AbortController
  /** when the last renewal that succeeded was sent, ms of performance.now() */
  renewedMs: number
  stop: AbortController
  renewing: Promise<void>
}

export function leases(api: Api, namespace: string): TakeLeases {
  const held = new Map<string, Held>()
  /** tells this worker from a former one of the same operation */
  const worker = randomUUID().slice(0, 8)

  async function take(release: string, holder: string): Promise<void> {
    const mine = held.get(release)
    if (mine !== undefined && !mine.taken.signal.aborted) {
      // Out of reach for a while, and renewed again since: it was nobody else's in between.
      if (mine.lost.signal.aborted && performance.now() - mine.renewedMs < durationS * 1000)
        mine.lost = new AbortController()
      mine.count += 1
      return
    }
    const lease = await acquire(api, namespace, release, `${holder}/${worker}`)
    const entry = {
      count: 1,
      lost: new AbortController(),
      taken: new AbortController(),
      renewedMs: performance.now(),
      stop: new AbortController(),
      renewing: Promise.resolve(),
    }
    entry.renewing = renew(api, lease, release, entry)
    held.set(release, entry)
  }

  async function letGo(release: string): Promise<void> {
    const entry = held.get(release)
    if (entry === undefined) return
    entry.count -= 1
    if (entry.count > 0) return
    held.delete(release)
    entry.stop.abort()
    await entry.renewing
  }

  return async (releases, holder) => {
    const taken: string[] = []
    try {
      // In the same order for everybody, so that two operations cannot each hold what the other waits for.
      for (const release of [...releases].sort()) {
        await take(release, holder)
        taken.push(release)
      }
    } catch (error) {
      for (const release of taken) await letGo(release)
      throw error
    }
    const mine = taken.flatMap((release) => held.get(release) ?? [])
    return {
      lost: AbortSignal.any(mine.map(({ lost }) => lost.signal)),
      taken: AbortSignal.any(mine.map(({ taken: byAnother }) => byAnother.signal)),
      renewedMs: () => (mine.length === 0 ? undefined : Math.min(...mine.map(({ renewedMs }) => renewedMs))),
      async release() {
        await Promise.all(taken.splice(0).map(letGo))
      },
    }
  }
}

/** Operations other than `holder` that hold a Lease of these releases and renew it, by release. */
export async function leasesOfOthers(
  { coordination }: Api,
  namespace: string,
  releases: readonly string[],
  holder: string,
): Promise<Map<string, string>> {
  const found = await Promise.all(
    releases.map(async (release): Promise<[string, string][]> => {
      const name = leaseName(release)
      const lease = await askIfAny(`get the lease ${name}`, () => coordination.readNamespacedLease({ name, namespace }))
      return lease !== undefined && isOthers(lease, holder) && !isExpired(lease) ? [[release, operationOf(lease)]] : []
    }),
  )
  return new Map(found.flat())
}

/** One look at the Leases that an operation holds: their versions, each new with every renewal. */
export async function leaseVersions(
  { coordination }: Api,
  namespace: string,
  releases: readonly string[],
  holder: string,
): Promise<string[]> {
  const versions = releases.map(async (release) => {
    try {
      const lease = await coordination.readNamespacedLease({ name: leaseName(release), namespace })
      return operationOf(lease) === holder ? (lease.metadata?.resourceVersion ?? '') : ''
    } catch (error) {
      if (statusOf(error) === 404) return ''
      throw error
    }
  })
  return (await Promise.all(versions)).filter((version) => version !== '')
}

/** @throws Failure naming the operation that holds it */
async function acquire(api: Api, namespace: string, release: string, identity: string): Promise<V1Lease> {
  const { coordination } = api
  const name = leaseName(release)
  const read = () => askIfAny(`get the lease ${name}`, () => coordination.readNamespacedLease({ name, namespace }))
  let current = await read()
  if (current !== undefined && isOthers(current, identity)) {
    if (!isExpired(current)) throw inUse(release, namespace, current)
    await sleep(watchMs)
    const later = await read()
    if (later !== undefined && renewedMs(later) !== renewedMs(current)) throw inUse(release, namespace, later)
    current = later
  }
  const now = new V1MicroTime()
  const body: V1Lease = {
    metadata: {
      ...(current?.metadata?.resourceVersion === undefined
        ? {}
        : { resourceVersion: current.metadata.resourceVersion }),
      name,
      namespace,
      labels: { [labels.managedBy]: managedBy },
      annotations: { [annotations.releases]: release },
    },
    spec: { holderIdentity: identity, leaseDurationSeconds: durationS, acquireTime: now, renewTime: now },
  }
  try {
    if (current === undefined)
      return await ask(`create the lease ${name}`, () => coordination.createNamespacedLease({ namespace, body }))
    return await ask(`update the lease ${name}`, () => coordination.replaceNamespacedLease({ name, namespace, body }))
  } catch (error) {
    if (statusOf(error) !== 409) throw error
    // Somebody was faster, or our own first try had come through.
    const faster = await read()
    if (faster?.spec?.holderIdentity === identity) return faster
    throw inUse(release, namespace, faster)
  }
}

/**
 * Renews until stopped, then removes the Lease. Aborts `taken` and `lost` when it is another's, `lost` alone when it
 * could not be renewed in time; it is tried on then, for as long as nobody else takes it, it is ours.
 */
async function renew({ coordination }: Api, lease: V1Lease, release: string, held: Held): Promise<void> {
  const { taken, stop } = held
  const name = leaseName(release)
  const namespace = lease.metadata?.namespace ?? ''
  let current = lease
  const replace = async () => {
    const sentMs = performance.now()
    const body = { ...current, spec: { ...current.spec, renewTime: new V1MicroTime() } }
    current = await coordination.replaceNamespacedLease({ name, namespace, body })
    held.renewedMs = sentMs
  }
  while (!taken.signal.aborted) {
    await sleep(renewMs, undefined, { signal: stop.signal }).catch(() => undefined)
    if (stop.signal.aborted) break
    try {
      await replace()
    } catch (error) {
      if (statusOf(error) === 409 || statusOf(error) === 404) {
        const now = await coordination.readNamespacedLease({ name, namespace }).catch(() => undefined)
        if (now?.spec?.holderIdentity === current.spec?.holderIdentity && now !== undefined) current = now
        else if (now !== undefined || statusOf(error) === 404) {
          taken.abort(
            now !== undefined && operationOf(now) === operationOf(current)
              ? new GaveWay(`it took the Lease of ${release}`)
              : takenByAnother(release, now),
          )
          held.lost.abort(taken.signal.reason)
        }
      }
      if (performance.now() - held.renewedMs > durationS * 1000) held.lost.abort(notRenewed(release))
    }
  }
  if (taken.signal.aborted) return
  const preconditions = { resourceVersion: current.metadata?.resourceVersion ?? '' }
  // One that cannot be removed expires.
  await coordination.deleteNamespacedLease({ name, namespace, body: { preconditions } }).catch(() => undefined)
}

function operationOf(lease: V1Lease | undefined): string {
  return (lease?.spec?.holderIdentity ?? '').split('/')[0] ?? ''
}

/** Another worker of the same operation is a former one: a Job has one at a time. */
function isOthers(lease: V1Lease, identity: string): boolean {
  const holder = operationOf(lease)
  return holder !== '' && holder !== identity.split('/')[0]
}

function renewedMs({ spec }: V1Lease): number {
  return spec?.renewTime === undefined ? 0 : new Date(spec.renewTime).getTime()
}

function isExpired(lease: V1Lease): boolean {
  return Date.now() - renewedMs(lease) > (lease.spec?.leaseDurationSeconds ?? durationS) * 1000
}

function inUse(release: string, namespace: string, lease: V1Lease | undefined): Failure {
  const operation = operationOf(lease)
  const since = lease?.spec?.acquireTime === undefined ? '' : ` since ${new Date(lease.spec.acquireTime).toISOString()}`
  return new Failure({
    what: `${release} is in use by another operation; nothing was touched`,
    why: operation === '' ? 'another operation took it at the same moment' : `${operation} has it${since}`,
    next:
      `follow it with: kubectl scalardl logs ${operation || 'OPERATION'} -n ${namespace}; ` +
      `end it with: kubectl scalardl cancel ${operation || 'OPERATION'} -n ${namespace}`,
  })
}

function takenByAnother(release: string, lease: V1Lease | undefined): Failure {
  return new Failure({
    what: `${release} is no longer held by this operation`,
    why: lease === undefined ? 'its Lease was deleted' : `${operationOf(lease)} took its Lease`,
    next: 'see what else is at work with `kubectl scalardl status`, then try again',
  })
}

function notRenewed(release: string): Failure {
  return new Failure({
    what: `${release} is no longer held by this operation`,
    why: `its Lease could not be renewed for ${formatDuration(durationS * 1000)}`,
    next: 'check that the API server can be reached from pods of this namespace, then try again',
  })
}
