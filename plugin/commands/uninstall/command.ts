import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import { dryRunFlag, type GlobalArgv } from '../../flags/flags.ts'
import { execFlagsOfKinds } from '../../flags/kind-flags.ts'
import { admissionPolicyFlag, networkPolicyFlag, repointSecretFlag, serviceAccountFlag } from '../install/command.ts'

export function uninstallFlags(yargs: GlobalArgv) {
  return repointSecretFlag(
    execFlagsOfKinds(admissionPolicyFlag(networkPolicyFlag(dryRunFlag(serviceAccountFlag(yargs))))),
    'Secret of which nothing is kept any more that it said before a restore, so that none is undone; repeatable',
  )
}
export type UninstallFlags = FlagsOf<typeof uninstallFlags>

export const uninstall = declareCommand({
  usage: 'uninstall',
  description: 'Remove what install made; records of operations and dumps stay',
  examples: [['uninstall -n ledger', 'refused while an operation is under way']],
  flags: uninstallFlags,
  action: async () => (await import('./action.ts')).runUninstall,
})
