import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import { findReleases, requirePods, type Release } from '../kubernetes/releases/releases.ts'
import type { Session } from '../kubernetes/api/session.ts'
import type { TargetOptions } from '../flags/read-target.ts'

/**
 * The releases of an operation that needs only their pods; none where addresses are given instead.
 * @throws Failure (usage) where neither is given, or a release is unknown or has no pods
 */
export async function findPodTargets(
  session: Session,
  names: readonly string[],
  { target }: TargetOptions,
): Promise<Release[]> {
  if (names.length === 0 && target.serviceUrls.length + target.addresses.length === 0) {
    throw new Failure(
      {
        what: 'no release is named',
        why: 'neither a release nor an address is given',
        next: 'name releases; `kubectl scalardl status` lists them',
      },
      { exitCode: ExitCode.usage },
    )
  }
  if (names.length === 0) return []
  const releases = await findReleases(session, names)
  requirePods(releases)
  return releases
}
