import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import { dryRunFlag, type GlobalArgv } from '../../flags/flags.ts'
import { groups } from '../../flags/groups.ts'
import { guardFlag, jobFlags, targetFlags, waitFlags } from '../../flags/job-flags.ts'

export function pauseFlags(yargs: GlobalArgv) {
  const own = yargs
    .positional('release', {
      type: 'string',
      array: true,
      describe: 'Helm releases to pause at once; none with --service-url or --addresses',
    })
    .option('duration', {
      type: 'string',
      requiresArg: true,
      describe: 'pause for this long, then unpause, like 10s; else until `unpause` or --max-pause',
    })
    .option('max-pause', {
      group: groups.pausing,
      type: 'string',
      requiresArg: true,
      describe:
        'the longest that anything stays paused whatever happens; ' +
        '--duration and a minute unless given, 5m without a duration',
    })
    .option('max-pause-wait', {
      group: groups.pausing,
      type: 'string',
      default: '30s',
      requiresArg: true,
      describe: 'how long the servers may take to finish requests in flight before they refuse to pause',
    })
  return dryRunFlag(waitFlags(jobFlags(targetFlags(guardFlag(own)))))
}
export type PauseFlags = FlagsOf<typeof pauseFlags>

export const pause = declareCommand({
  usage: 'pause [release..]',
  description: 'Pause releases, for a while or until they are unpaused',
  examples: [
    ['pause my-ledger --duration 10s', 'pauses, waits, unpauses, and says whether the pause proves anything'],
    ['pause my-ledger my-auditor', 'returns when all are paused; `unpause` ends it, --max-pause at the latest'],
    [
      'pause --service-url _scalardl-admin._tcp.my-ledger-headless.default.svc.cluster.local --duration 10s',
      'servers by their SRV name',
    ],
  ],
  flags: pauseFlags,
  action: async () => (await import('./action.ts')).runPause,
})
