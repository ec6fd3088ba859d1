import * as z from 'zod'
import type { FailureText } from '../failure.ts'
import type { DatabaseBackup } from '../record.ts'
import type { RestoreChoice } from '../restore-options.ts'
import type { KnownKind } from './kind.ts'
import { refuseFraction, refuseNeedless } from './refuse-choice.ts'

interface Of {
  name: 'rds' | 'aurora'
  /** in one word, as the details of a backup name it */
  noun: 'instance' | 'cluster'
  title: string
}

/** What instances of RDS and clusters of Aurora are to both programs. */
function knownRelational({ name, noun, title }: Of): KnownKind {
  const schema = z.object({ [noun]: z.string(), region: z.string(), resourceId: z.string() })
  const detailsOf = ({ kind, details }: Pick<DatabaseBackup, 'kind' | 'details'>) =>
    kind === name ? schema.safeParse(details).data : undefined

  /** Why these flags do not go together, or this kind has no use for one. */
  function refuseChoice(choice: RestoreChoice): FailureText | undefined {
    const { strategy, prefix, region, kmsKey } = choice
    return (
      refuseFraction(choice, `${title} restores to whole seconds`) ??
      refuseNeedless(
        { '--strategy': strategy, '--prefix': prefix, '--region': region, '--kms-key': kmsKey },
        `a restore of ${title} makes a new ${noun} beside the former, in its region and encrypted as it is`,
      )
    )
  }

  return {
    name,
    title,
    storage: 'jdbc',
    keepsItsOwnBackups: true,
    isManaged: true,
    repointUnlessGiven: 'print',
    flags: {
      restore: {
        at:
          `${title}: another moment than the backup's, RFC 3339 with an offset or UNIX seconds; ` +
          'one in no recorded pause of the releases is unproven',
        repoint:
          `${title}: print (unless given) shows what points the release to the new ${noun}; patch sets its host in ` +
          "the release's URL, where that is in a Secret once install --repoint-secret named it",
      },
    },
    examples: {
      backup: [
        [`backup my-ledger --managed ${name}`, `a release on ${title}: a restore point of the ${noun}, and no dump`],
      ],
      restore: [
        [
          'restore my-ledger-20261121-093000 --repoint patch',
          `${title}: a new ${noun}, whole and compared, and the release serves from it`,
        ],
      ],
    },
    refuseChoice,
    planLines(entry, choice) {
      const details = detailsOf(entry)
      return [
        `${noun === 'instance' ? 'Instance' : 'Cluster'} of ${title}, restored to a new one beside it:`,
        `  ${entry.title}: ${details?.[noun] ?? '?'} in ${details?.['region'] ?? '?'}`,
        `  the new ${noun} costs like the former, for as long as both are there`,
        choice?.repoint === 'patch'
          ? "  then its host is set in the release's URL in place of the former's; take it over into Git"
          : '  what the release has to be told is shown; nothing that is in service changes',
        `  the former ${noun} stays`,
      ]
    },
    namesDropped(entry) {
      const dropped = detailsOf(entry)?.[noun]
      return dropped === undefined ? [] : [dropped]
    },
    endsWithUndo(_entry, restored, isBeside) {
      const made = restored?.details['resourceId']
      if (!isBeside || made === undefined) return undefined
      return (entry) => detailsOf(entry)?.['resourceId'] === made
    },
  }
}

/** DB instances of Amazon RDS, by the past that the service keeps of them. */
export const rds = knownRelational({ name: 'rds', noun: 'instance', title: 'Amazon RDS' })

/** Clusters of Amazon Aurora, by the past that the service keeps of them. */
export const aurora = knownRelational({ name: 'aurora', noun: 'cluster', title: 'Amazon Aurora' })
