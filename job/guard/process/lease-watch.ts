import type { Leases } from '../../kubernetes/cluster.ts'

const lookMs = 1000

/**
 * Reads the Leases of an operation once a second, whether or not earlier reads have been answered.
 * @param releases whose Leases to read, asked each time; none: nothing is read
 * @param saw gets their versions, never those of a read that a later one has overtaken
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
    // A read without an answer shows no sign of life.
    if (releases().length > 0) look().catch(() => undefined)
  }, lookMs)
  return { stop: () => clearInterval(timer) }
}
