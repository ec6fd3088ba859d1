import type { Leases } from '../../kubernetes/cluster.ts'

const lookMs = 1000

/**
 * Looks at the Leases of an operation once a second, whether or not the API server has answered the looks before.
 * @param releases whose Leases to look at, asked each time; none: no look
 * @param saw told their versions, never of a look that a later one has overtaken
 */
export function watchLeases(
  cluster: Leases,
  operation: string,
  releases: () => readonly string[],
  saw: (versions: readonly string[]) => void,
): { stop(): void } {
  let sent = 0
  let answered = 0
  const look = async () => {
    const number = (sent += 1)
    const versions = await cluster.leaseVersions(releases(), operation)
    if (number < answered) return
    answered = number
    saw(versions)
  }
  const timer = setInterval(() => {
    // An API server that does not answer shows nothing, which is what the silence means.
    if (releases().length > 0) look().catch(() => undefined)
  }, lookMs)
  return { stop: () => clearInterval(timer) }
}
