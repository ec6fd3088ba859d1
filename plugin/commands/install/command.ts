import type { Argv } from 'yargs'
import { defaultServiceAccount } from '../../../operation/names.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import { dryRunFlag, type GlobalArgv } from '../../flags/flags.ts'

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

export function installFlags(yargs: GlobalArgv) {
  return networkPolicyFlag(dryRunFlag(serviceAccountFlag(yargs))).option('service-account-annotation', {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'annotation KEY=VALUE for the ServiceAccount, such as its identity in a cloud; repeatable',
  })
}
export type InstallFlags = FlagsOf<typeof installFlags>

export const install = declareCommand({
  usage: 'install',
  description: 'Make the ServiceAccount, Role and RoleBinding that operations need, in one namespace',
  examples: [
    ['install -n ledger', 'once for a namespace; again after an update'],
    ['install --dry-run=client -o yaml', 'the same as manifests, for GitOps'],
    [
      'install --service-account-annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/backup',
      'with rights in AWS (IRSA)',
    ],
  ],
  flags: installFlags,
  action: async () => (await import('./action.ts')).runInstall,
})
