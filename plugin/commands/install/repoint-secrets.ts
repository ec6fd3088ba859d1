import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { formerSecretName, managedBy } from '../../../operation/names.ts'

/** What a name may have at most, in characters (Kubernetes, "DNS Subdomain Names"). */
const longest = 253

/** The Secrets of --repoint-secret, each once. @throws Failure (usage) for what is no name of one, or one of ours */
export function readRepointSecrets({
  repointSecret = [],
}: {
  repointSecret?: readonly string[] | undefined
}): string[] {
  for (const name of repointSecret) {
    const isName = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) && formerSecretName(name).length <= longest
    // What records are signed with, and what worker and guard know each other by, is never changed.
    const isOurs = name.startsWith('scalardl-') || name.startsWith(managedBy)
    if (isName && !isOurs) continue
    throw new Failure(
      {
        what: `--repoint-secret ${name} cannot be used`,
        why: isOurs ? 'it is a Secret of this program' : 'it is no name of a Secret',
        next: 'name the Secret that the release has its database key or its properties from',
      },
      { exitCode: ExitCode.usage },
    )
  }
  return [...new Set(repointSecret)].sort()
}
