import * as z from 'zod'
import type { FailureText } from '../failure.ts'
import type { DatabaseBackup } from '../record.ts'
import type { RestoreChoice } from '../restore-options.ts'
import type { KnownKind } from './kind.ts'
import { refuseFraction, refuseNeedless } from './refuse-choice.ts'

/** What plugin and worker both know of an RDS backup's details. */
const detailsSchema = z.object({ instance: z.string(), region: z.string(), resourceId: z.string() })

/** What of an instance both programs know; undefined for an entry of another kind. */
export function rdsDetails({ kind, details }: Pick<DatabaseBackup, 'kind' | 'details'>) {
  return kind === rds.name ? detailsSchema.safeParse(details).data : undefined
}

/** Why these flags do not go together, or this kind has no use for one. */
function refuseChoice(choice: RestoreChoice): FailureText | undefined {
  const { strategy, prefix, region, kmsKey } = choice
  return (
    refuseFraction(choice, 'Amazon RDS restores to whole seconds') ??
    refuseNeedless(
      { '--strategy': strategy, '--prefix': prefix, '--region': region, '--kms-key': kmsKey },
      'a restore of RDS makes a new instance beside the former, in its region and encrypted as it is',
    )
  )
}

/** What is done to one instance, for people. */
function planLines(entry: DatabaseBackup, choice: RestoreChoice | undefined): string[] {
  const { instance = '?', region = '?' } = rdsDetails(entry) ?? {}
  return [
    'Instance of Amazon RDS, restored to a new one beside it:',
    `  ${entry.title}: ${instance} in ${region}`,
    '  the new instance costs like the former, for as long as both are there',
    choice?.repoint === 'patch'
      ? "  then its host is set in the release's URL in place of the former's; take it over into Git"
      : '  what the release has to be told is shown; nothing that is in service changes',
    '  the former instance stays',
  ]
}

/** DB instances of Amazon RDS, by the past that the service keeps of them. */
export const rds: KnownKind = {
  name: 'rds',
  title: 'Amazon RDS',
  storage: 'jdbc',
  keepsItsOwnBackups: true,
  isManaged: true,
  repointUnlessGiven: 'print',
  flags: {
    restore: {
      at:
        "Amazon RDS: another moment than the backup's, RFC 3339 with an offset or UNIX seconds; " +
        'one in no recorded pause of the releases is unproven',
      repoint:
        'Amazon RDS: print (unless given) shows what points the release to the new instance; patch sets its host in ' +
        "the release's URL, where that is in a Secret once install --repoint-secret named it",
    },
  },
  examples: {
    backup: [
      ['backup my-ledger --managed rds', 'a release on Amazon RDS: a restore point of the instance, and no dump'],
    ],
    restore: [
      [
        'restore my-ledger-20261121-093000 --repoint patch',
        'Amazon RDS: a new instance, whole and compared, and the release serves from it',
      ],
    ],
  },
  refuseChoice,
  planLines,
  namesDropped: (entry) => {
    const { instance } = rdsDetails(entry) ?? {}
    return instance === undefined ? [] : [instance]
  },
  endsWithUndo(_entry, restored, isBeside) {
    const made = restored?.details['resourceId']
    if (!isBeside || made === undefined) return undefined
    return (entry) => rdsDetails(entry)?.resourceId === made
  },
}
