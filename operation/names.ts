import { compactTime } from './time.ts'
import { Failure } from './failure.ts'
import { ExitCode } from './exit-code.ts'

/**
 * What an operation does. `undo` puts back what a restore replaced, `drop` removes what it kept, `resume` goes on with
 * one that waits for its administrator; `delete`, `import`, `list` and `copy` need a pod only for the storages they
 * reach.
 */
export const operationKinds = [
  'backup',
  'restore',
  'undo',
  'drop',
  'resume',
  'pause',
  'unpause',
  'doctor',
  'import',
  'list',
  'copy',
  'delete',
  'materialize',
] as const
export type OperationKind = (typeof operationKinds)[number]

const domain = 'kubectl-scalardl.dev'

export const labels = {
  managedBy: 'app.kubernetes.io/managed-by',
  /** the operation's name, on every object that belongs to it */
  operation: `${domain}/operation`,
  kind: `${domain}/kind`,
  /** request, journal or record, on ConfigMaps */
  part: `${domain}/part`,
  /**
   * how the operation ended, on records that leave nothing paused; what lacks it is looked at before anything is
   * unpaused
   */
  ended: `${domain}/ended`,
  /**
   * worker or guard, on Jobs and pods: the worker's Job of an operation does it, the guard's ends its pause if the
   * worker cannot
   */
  role: `${domain}/role`,
} as const
export type Role = 'worker' | 'guard'

export const annotations = {
  /** comma-separated releases, since a label cannot hold several */
  releases: `${domain}/releases`,
  /** the process that alone writes an operation's record or journal; a successor puts its own in place */
  writer: `${domain}/writer`,
  /** fingerprints of the keys whose records are trusted, its own first, on the ServiceAccounts of `install` */
  trustedKeys: `${domain}/trusted-keys`,
  /** "true" on a Secret whose data nobody puts back, although somebody manages it */
  leftAlone: `${domain}/left-alone`,
} as const

export const managedBy = 'kubectl-scalardl'
/** The ServiceAccount, Role and RoleBinding that `install` makes, unless named otherwise. */
export const defaultServiceAccount = 'kubectl-scalardl'

export type Part = 'request' | 'journal' | 'record'

/** `backup-my-ledger-20261121-093000`: an operation's name is its kind and a name unique for that kind. */
export function operationName(kind: OperationKind, name: string): string {
  return `${kind}-${name}`
}

/** `backup-nightly` is a backup; undefined for what is no operation's name. */
export function kindOf(operation: string): OperationKind | undefined {
  return operationKinds.find((kind) => operation.startsWith(`${kind}-`))
}

/** The Job of an operation; its pods, ConfigMaps and events are found by the operation label. */
export function jobName(operation: string): string {
  return `scalardl-${operation}`
}

/**
 * The Job of an operation's guard. Not `scalardl-…-guard`: with the longest name that would be longer than a Job's name
 * may be.
 */
export function guardJobName(operation: string): string {
  return `guard-${operation}`
}

/** The Secret that worker and guard of an operation have in common; it goes with the worker's Job. */
export function keySecretName(operation: string): string {
  return `scalardl-${operation}.key`
}

/**
 * The Secret of ours beside one that a release is repointed by: it keeps what that held before, an operation a key.
 * `install --repoint-secret` makes it, so that the worker needs no right but on these two names.
 */
export function formerSecretName(secret: string): string {
  return `scalardl-former.${secret}`
}

/** What the backups of a namespace are signed with; it stays when the rest is uninstalled. */
export const signingKey = {
  secret: 'kubectl-scalardl-signing-key',
  /** PEM, PKCS #8, ed25519; for the workers that make records */
  privateKey: 'signing-key.pem',
  /** fingerprints of the keys whose records are trusted, a line each, its own first */
  trustedKeys: 'trusted-keys',
} as const

/** Where the worker listens for its guard, within the cluster. */
export const guardPort = 9653

/** The ConfigMap of one part of an operation; each holds its JSON under the key `<part>.json`. */
export function configMapName(operation: string, part: Part): string {
  return `scalardl-${operation}.${part}`
}

export function partKey(part: Part): string {
  return `${part}.json`
}

/** Beside `record.json`, in the same ConfigMap: what the guard has to say. Two writers, each with a key of its own. */
export const guardReportKey = 'guard.json'

/** A third key there: who asks the operation to end the pause that it holds. */
export const endRequestKey = 'end-pause'

/** The Lease that keeps two operations off one release. */
export function leaseName(release: string): string {
  return `scalardl-${release}`
}

/** Labels for every object of an operation; Jobs and pods have labels.role as well. */
export function operationLabels(operation: string, kind: OperationKind): Record<string, string> {
  return { [labels.managedBy]: managedBy, [labels.operation]: operation, [labels.kind]: kind }
}

/** Longest name that still fits a Job's name with `scalardl-restore-` before it (63 characters in all). */
const longestName = 46

/** The same for `scalardl-materialize-`. */
export const longestMaterializeName = 42

/** A name where the user gave none: the first release and the time, UTC. */
export function defaultName(release: string, nowMs: number, longest = longestName): string {
  const stamp = compactTime(nowMs)
  return `${release.slice(0, longest - stamp.length - 1).replace(/[-.]+$/, '')}-${stamp}`
}

/**
 * Accepts a name that the user chose for a backup or another operation.
 * @throws Failure (usage) where Kubernetes would refuse an object of that name.
 */
export function checkName(name: string, longest = longestName): string {
  if (name.length <= longest && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) return name
  throw new Failure(
    {
      what: `"${name}" cannot be a name`,
      why:
        `a name has at most ${longest} characters, lower-case letters, digits and "-", ` +
        'and begins and ends with a letter or digit',
      next: 'choose another with --name, or omit --name to have one made',
    },
    { exitCode: ExitCode.usage },
  )
}
