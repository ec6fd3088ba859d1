import type { Argv } from 'yargs'
import { defaultServiceAccount } from '../../../operation/names.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import { dryRunFlag, type GlobalArgv } from '../../flags/flags.ts'
import { execFlagsOfKinds, execSecretFlagsOfKinds } from '../../flags/kind-flags.ts'

/** Which ServiceAccount, with its Role and RoleBinding of the same name. */
export function serviceAccountFlag<T>(yargs: Argv<T>) {
  return yargs.option('service-account', {
    type: 'string',
    default: defaultServiceAccount,
    requiresArg: true,
    describe: "ServiceAccount of the worker's pods; Role and RoleBinding have its name",
  })
}

/** The NetworkPolicies of the namespace, which are no ServiceAccount's. */
export function networkPolicyFlag<T>(yargs: Argv<T>) {
  return yargs.option('network-policy', {
    type: 'boolean',
    default: false,
    describe: 'also NetworkPolicies: only the guard reaches the worker, only these two the admin ports of ScalarDL',
  })
}

/** The policy of one ServiceAccount, which is an object of the cluster. */
export function admissionPolicyFlag<T>(yargs: Argv<T>) {
  return yargs.option('admission-policy', {
    type: 'boolean',
    default: false,
    describe:
      'also a ValidatingAdmissionPolicy: the ServiceAccount changes only what is its own or what a restore switches; ' +
      'needs rights in all of the cluster',
  })
}

/** The Secrets that a restore may point a release by. */
export function repointSecretFlag<T>(yargs: Argv<T>, describe: string) {
  return yargs.option('repoint-secret', { type: 'string', array: true, requiresArg: true, describe })
}

/** What the namespace's backups are signed with, and whose are trusted beside its own. */
function signingKeyFlags<T>(yargs: Argv<T>) {
  return yargs
    .option('signing-key-from', {
      type: 'string',
      requiresArg: true,
      describe: 'file with the private key (PEM, ed25519) to sign with, such as another cluster has; - for stdin',
    })
    .option('rotate-signing-key', {
      type: 'boolean',
      default: false,
      describe: 'a new signing key; records signed with the present one stay trusted',
    })
    .option('trusted-key', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: "fingerprint of another installation's key whose records are trusted from now on; repeatable",
    })
}

export function installFlags(yargs: GlobalArgv) {
  return repointSecretFlag(
    execSecretFlagsOfKinds(
      execFlagsOfKinds(signingKeyFlags(admissionPolicyFlag(networkPolicyFlag(dryRunFlag(serviceAccountFlag(yargs)))))),
    ),
    'Secret of a release that the worker may read and change, for restore --repoint patch; repeatable, all at once',
  )
    .option('exec', {
      type: 'boolean',
      default: true,
      describe:
        'commands in the pods of these namespaces; with --no-exec the worker may only list them, ' +
        'which is enough where all have a management API',
    })
    .option('release', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'a release that the Role names, so that no other is stopped or started; repeatable',
    })
    .option('service-account-annotation', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'annotation KEY=VALUE for the ServiceAccount, such as its identity in a cloud; repeatable',
    })
}
export type InstallFlags = FlagsOf<typeof installFlags>

export const install = declareCommand({
  usage: 'install',
  description:
    'Make the ServiceAccount, Role and RoleBinding that operations need, and the key that backups are signed with, ' +
    'in one namespace',
  examples: [
    ['install -n ledger', 'once for a namespace; again after an update'],
    ['install -n ledger --release my-ledger --admission-policy', 'with no more rights than one release needs'],
    ['install --dry-run=client -o yaml', 'the same as manifests, for GitOps, but for the signing key'],
    ['install --signing-key-from key.pem', 'with the key that another cluster signs its backups with'],
    [
      'install -n ledger --repoint-secret my-ledger-account',
      'lets restore --repoint patch set the key of a new account',
    ],
    [
      'install --service-account-annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/backup',
      'with rights in AWS (IRSA)',
    ],
  ],
  flags: installFlags,
  action: async () => (await import('./action.ts')).runInstall,
})
