import type { ReleasePod, ReleaseState } from '../kubernetes/cluster.ts'

/** What changed between two states of the releases, one line each; empty when a pause between them held every server. */
export function changesBetween(before: ReleaseState, after: ReleaseState): string[] {
  return [...podChanges(before.pods, after.pods), ...workloadChanges(before.workloads, after.workloads)]
}

function podChanges(before: readonly ReleasePod[], after: readonly ReleasePod[]): string[] {
  const changes: string[] = []
  for (const pod of before) {
    const now = after.find(({ uid }) => uid === pod.uid)
    if (now !== undefined) changes.push(...podChange(pod, now))
    else if (after.some(({ name }) => name === pod.name)) changes.push(`pod ${pod.name} was replaced by another of that name`)
    else changes.push(`pod ${pod.name} vanished`)
  }
  const appeared = after.filter(({ uid, name }) => !before.some((pod) => pod.uid === uid || pod.name === name))
  return [...changes, ...appeared.map(({ name }) => `pod ${name} appeared`)]
}

/** Not its readiness: a paused server may fail a probe, and is paused all the same. */
export function podChange(pod: ReleasePod, now: ReleasePod): string[] {
  if (now.restarts !== pod.restarts) return [`pod ${pod.name} was restarted`]
  if (now.ip !== pod.ip) return [`pod ${pod.name} changed its address`]
  return []
}

function workloadChanges(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name.replace('/', ' ')} changed (${before[name] ?? 'absent'} before, ${after[name] ?? 'absent'} after)`)
}
