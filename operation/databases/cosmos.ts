import * as z from 'zod'
import type { FailureText } from '../failure.ts'
import type { DatabaseBackup } from '../record.ts'
import type { RestoreChoice } from '../restore-options.ts'
import { placeFlags } from './azure-place.ts'
import type { EndsPoint, KnownKind } from './kind.ts'
import { refuseFraction, refuseNeedless } from './refuse-choice.ts'

/** Why these flags do not go together, or this kind has no use for one. */
function refuseChoice(choice: RestoreChoice): FailureText | undefined {
  const { strategy, prefix, kmsKey } = choice
  return (
    refuseFraction(choice, 'Cosmos DB restores to whole seconds') ??
    refuseNeedless(
      { '--strategy': strategy, '--prefix': prefix, '--kms-key': kmsKey },
      'a restore of Cosmos DB makes a new account, with the names and the encryption of the former',
    )
  )
}

const accountSchema = z.object({ id: z.string(), instanceId: z.string() })

/** The account that an entry is of; undefined for an entry of another kind. */
function accountOf({ kind, details }: Pick<DatabaseBackup, 'kind' | 'details'>) {
  return kind === 'cosmos' ? accountSchema.safeParse(details).data : undefined
}

/** Which points may end when the account that a backup is of is deleted: all of that very account. */
export function endsWithAccount(entry: DatabaseBackup): EndsPoint | undefined {
  const going = accountOf(entry)
  return going && ((other) => accountOf(other)?.instanceId === going.instanceId)
}

/** What is done to one account, for people. */
function planLines({ title, tables }: DatabaseBackup, choice: RestoreChoice | undefined): string[] {
  return [
    'Account of Cosmos DB, restored to a new one beside it:',
    `  ${title}: ${tables.length} containers${choice?.region === undefined ? '' : `, to ${choice.region}`}`,
    '  each GB that is restored costs once; the new account costs like the former, for as long as both are there',
    choice?.repoint === 'patch'
      ? '  then its endpoint and its key are set where the release has those of the former; take them over into Git'
      : '  what the release has to be told is shown; nothing that is in service changes',
    '  the former account stays',
  ]
}

/** Azure Cosmos DB for NoSQL, by the past that it keeps of an account. */
export const cosmos: KnownKind = {
  name: 'cosmos',
  title: 'Cosmos DB',
  storage: 'cosmos',
  keepsItsOwnBackups: true,
  repointUnlessGiven: 'print',
  patchedBesideSwitched: true,
  ownFlags: [
    {
      name: placeFlags.subscription,
      describe:
        "id of the subscription that the account or server is in; looked for in all that the worker's identity sees",
    },
    {
      name: placeFlags.resourceGroup,
      describe: 'resource group that the account or server is in, where the identity sees no more of the subscription',
    },
  ],
  flags: {
    restore: {
      at:
        "Cosmos DB: another moment than the backup's, RFC 3339 with an offset or UNIX seconds; " +
        'one in no recorded pause of the releases is unproven',
      repoint:
        'Cosmos DB: print (unless given) shows every command that points the release to the new account; ' +
        'patch sets endpoint and key in the Secret that install --repoint-secret named',
      'schema-loader-image':
        "Cosmos DB: image of ScalarDB's schema loader, whose --repair-all is run on the new account before a release " +
        'uses it; the command that starts it, where it is not java -jar /app.jar, comes last, after `--`',
      region: 'Cosmos DB: region of the new account, where not the one that the former was written to',
    },
  },
  examples: {
    restore: [
      [
        'restore my-ledger-20261121-093000 --repoint print',
        'Cosmos DB: a new account, whole and compared, and what to set to use it',
      ],
      [
        'restore my-ledger-20261121-093000 --repoint patch',
        'Cosmos DB: the same, and the release serves from it; install --repoint-secret comes before',
      ],
    ],
  },
  describePlace: (property) => `Cosmos DB at ${property('contact_points')}`,
  refuseChoice,
  planLines,
  endsWithServed: endsWithAccount,
  namesDropped: (entry) => {
    const name = accountOf(entry)?.id.split('/').at(-1)
    return name === undefined ? [] : [name]
  },
}
