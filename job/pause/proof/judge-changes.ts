import type { ReleaseChange, WorkloadFact } from '../../kubernetes/cluster.ts'
import { harmOf } from './diff-state.ts'

/** A pod that joined in a pause, and whether it has served nobody in it. */
export interface Joined {
  ip: string
  /** for people, where it served nobody */
  note?: string
}

/** Why a window is void; where it is not, what is worth knowing of it. */
export interface Judgement {
  reasons: string[]
  notes: string[]
}

/**
 * Judges the changes of a pause. Those that a scale-up alone explains, whose new pods have all served nobody, leave the window
 * valid: more replicas, of the same ReplicaSet, and more addresses. Anything else makes it void, and then everything that
 * changed is named once, at its worst.
 * @param joined by uid
 */
export function judge(changes: readonly ReleaseChange[], joined: ReadonlyMap<string, Joined>): Judgement {
  const harms = changes.flatMap((change) => {
    const harm = harmOf(change)
    return harm === undefined ? [] : [{ ...objectOf(change, harm), harm, explained: isExplained(change, joined) }]
  })
  const bad = harms.filter(({ explained }) => !explained)
  if (bad.length === 0) return { reasons: [], notes: [...joined.values()].flatMap(({ note }) => note ?? []) }
  const byObject = new Map<string, string>()
  for (const { object, addresses, harm } of [...bad, ...harms]) {
    // Addresses only follow the pods; alone they say something.
    if (addresses && bad.some((other) => !other.addresses)) continue
    if (!byObject.has(object)) byObject.set(object, harm)
  }
  return { reasons: [...byObject.values()], notes: [] }
}

function objectOf(change: ReleaseChange, harm: string): { object: string; addresses: boolean } {
  return change.of === 'watch'
    ? { object: harm, addresses: false }
    : { object: `${change.of} ${change.name}`, addresses: change.name.startsWith('EndpointSlice/') }
}

function isExplained(change: ReleaseChange, joined: ReadonlyMap<string, Joined>): boolean {
  if (change.of === 'watch' || change.now === undefined) return false
  if (change.of === 'workload') return isMoreOfTheSame(change.before, change.now, joined)
  const { before, now } = change
  if (joined.get(now.uid)?.note === undefined) return false
  return (
    (before === undefined || before.uid === now.uid) &&
    now.restarts + now.otherRestarts === 0 &&
    now.deleting !== true &&
    (before?.ip === now.ip || (before?.ip ?? '') === '')
  )
}

function isMoreOfTheSame(
  before: WorkloadFact | undefined,
  now: WorkloadFact,
  joined: ReadonlyMap<string, Joined>,
): boolean {
  if (before !== undefined && before.uid !== now.uid) return false
  if (now.kind === 'EndpointSlice') {
    const known = before?.kind === 'EndpointSlice' ? before.addresses : []
    const ips = new Set([...joined.values()].map(({ ip }) => ip))
    return (
      known.every((address) => now.addresses.includes(address)) &&
      now.addresses.every((address) => known.includes(address) || ips.has(address))
    )
  }
  // Pods of another template come of another ReplicaSet, which is no more of the same.
  if (before?.kind === 'Deployment' && now.kind === 'Deployment') return now.replicas > before.replicas
  return before?.kind === 'ReplicaSet' && now.kind === 'ReplicaSet' && now.replicas > before.replicas
}
