import type { ReleaseChange, WorkloadFact } from '../kubernetes/cluster.ts'
import { harmOf } from './state-changes.ts'

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
 * valid: more replicas of the same template, in the same ReplicaSet, and more addresses. Anything else makes it void, and then
 * all of them are named.
 * @param joined by uid
 */
export function judge(changes: readonly ReleaseChange[], joined: ReadonlyMap<string, Joined>): Judgement {
  const harms = changes.map((change) => ({ harm: harmOf(change), explained: isExplained(change, joined) })).filter(({ harm }) => harm !== undefined)
  if (harms.some(({ explained }) => !explained)) return { reasons: [...new Set(harms.flatMap(({ harm }) => harm ?? []))], notes: [] }
  return { reasons: [], notes: [...joined.values()].flatMap(({ note }) => note ?? []) }
}

function isExplained(change: ReleaseChange, joined: ReadonlyMap<string, Joined>): boolean {
  if (change.of === 'watch' || change.now === undefined) return false
  if (change.of === 'workload') return isMoreOfTheSame(change.before, change.now, joined)
  const { before, now } = change
  if (joined.get(now.uid)?.note === undefined) return false
  return (before === undefined || before.uid === now.uid) && now.restarts === 0 && now.deleting !== true && (before?.ip === now.ip || (before?.ip ?? '') === '')
}

function isMoreOfTheSame(before: WorkloadFact | undefined, now: WorkloadFact, joined: ReadonlyMap<string, Joined>): boolean {
  if (before !== undefined && before.uid !== now.uid) return false
  if (now.kind === 'EndpointSlice') {
    const known = before?.kind === 'EndpointSlice' ? before.addresses : []
    const ips = new Set([...joined.values()].map(({ ip }) => ip))
    return known.every((address) => now.addresses.includes(address)) && now.addresses.every((address) => known.includes(address) || ips.has(address))
  }
  if (before?.kind === 'Deployment' && now.kind === 'Deployment') return before.template === now.template && now.replicas > before.replicas
  return before?.kind === 'ReplicaSet' && now.kind === 'ReplicaSet' && now.replicas > before.replicas
}
