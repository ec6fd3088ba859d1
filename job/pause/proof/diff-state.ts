import { isDeepStrictEqual } from 'node:util'
import type { ReleaseChange, ReleasePod, ReleaseState } from '../../kubernetes/cluster.ts'
import { factText } from '../../kubernetes/workload-facts.ts'

/** What changed between two states of the releases. Empty where a pause between them held every server. */
export function changesBetween(before: ReleaseState, after: ReleaseState): ReleaseChange[] {
  return [...podChanges(before.pods, after.pods), ...workloadChanges(before.workloads, after.workloads)]
}

function podChanges(before: readonly ReleasePod[], after: readonly ReleasePod[]): ReleaseChange[] {
  const names = [...new Set([...before, ...after].map(({ name }) => name))].sort()
  return names.flatMap((name): ReleaseChange[] => {
    const was = before.find((pod) => pod.name === name)
    const now = after.find((pod) => pod.name === name)
    return isDeepStrictEqual(was, now) ? [] : [{ of: 'pod', name, ...(was && { before: was }), ...(now && { now }) }]
  })
}

function workloadChanges(before: ReleaseState['workloads'], after: ReleaseState['workloads']): ReleaseChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap((name): ReleaseChange[] => {
    const [was, now] = [before[name], after[name]]
    return isDeepStrictEqual(was, now)
      ? []
      : [{ of: 'workload', name, ...(was && { before: was }), ...(now && { now }) }]
  })
}

/**
 * Why the changes in a pause make it void, each object named once. Empty where no change matters.
 */
export function harmsOf(changes: readonly ReleaseChange[]): string[] {
  const harms = changes.flatMap((change) => {
    const harm = harmOf(change)
    return harm === undefined ? [] : [{ ...objectOf(change, harm), harm }]
  })
  // Addresses change with their pods. They are named only where no pod changed.
  const telling = harms.some(({ addresses }) => !addresses) ? harms.filter(({ addresses }) => !addresses) : harms
  const byObject = new Map<string, string>()
  for (const { object, harm } of telling) if (!byObject.has(object)) byObject.set(object, harm)
  return [...byObject.values()]
}

function objectOf(change: ReleaseChange, harm: string): { object: string; addresses: boolean } {
  return change.of === 'watch'
    ? { object: harm, addresses: false }
    : { object: `${change.of} ${change.name}`, addresses: change.name.startsWith('EndpointSlice/') }
}

/** Why a change makes a pause void, for people; undefined where it does not. */
export function harmOf(change: ReleaseChange): string | undefined {
  if (change.of === 'watch') return change.trouble
  if (change.of === 'pod') return harmToPod(change.name, change.before, change.now)
  const { before, now } = change
  const title = change.name.replace('/', ' ')
  if (before === undefined) return `${title} appeared (${factText(now)})`
  if (now === undefined) return `${title} vanished`
  if (before.uid !== now.uid) return `${title} was replaced by another of that name`
  return `${title} changed (${factText(before)} before, ${factText(now)} after)`
}

/** Readiness does not count: a paused server may fail a probe and still be paused. */
function harmToPod(name: string, before: ReleasePod | undefined, now: ReleasePod | undefined): string | undefined {
  if (before === undefined) return `pod ${name} appeared`
  if (now === undefined) return `pod ${name} vanished`
  if (before.uid !== now.uid) return `pod ${name} was replaced by another of that name`
  if (before.restarts !== now.restarts || before.otherRestarts !== now.otherRestarts) return `pod ${name} was restarted`
  if (before.ip !== now.ip)
    return `pod ${name} changed its address (${before.ip || 'none'} before, ${now.ip || 'none'} after)`
  if (before.deleting !== now.deleting) return `pod ${name} is being deleted`
  return undefined
}
