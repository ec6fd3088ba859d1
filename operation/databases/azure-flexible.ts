import * as z from 'zod'
import type { FailureText } from '../failure.ts'
import type { DatabaseBackup } from '../record.ts'
import type { RestoreChoice } from '../restore-options.ts'
import type { KnownKind } from './kind.ts'
import { refuseFraction, refuseNeedless } from './refuse-choice.ts'

/** What plugin and worker both know of a backup's details. */
const detailsSchema = z.object({ id: z.string(), createdAt: z.string() })

/** The server that an entry is of; undefined for an entry of another kind. */
export function azureServerDetails(name: string, { kind, details }: Pick<DatabaseBackup, 'kind' | 'details'>) {
  return kind === name ? detailsSchema.safeParse(details).data : undefined
}

/** Whether two are the very same server; Azure tells an id in any case. */
export function isSameServer(one: z.infer<typeof detailsSchema>, other: z.infer<typeof detailsSchema>): boolean {
  return one.id.toLowerCase() === other.id.toLowerCase() && one.createdAt === other.createdAt
}

/** Why these flags do not go together, or this kind has no use for one. */
function refuseChoice(choice: RestoreChoice): FailureText | undefined {
  const { strategy, prefix, region, kmsKey } = choice
  return (
    refuseFraction(choice, 'a flexible server is restored to whole seconds') ??
    refuseNeedless(
      { '--strategy': strategy, '--prefix': prefix, '--region': region, '--kms-key': kmsKey },
      'a restore makes a new flexible server beside the former, in its region and encrypted as it is',
    )
  )
}

/** One of Azure's services of flexible servers. @param title as people call it */
function flexibleServers(name: string, title: string): KnownKind {
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
          `${title}: print (unless given) shows what points the release to the new server; patch ` +
          "sets its host in the release's URL, where that is in a Secret once install --repoint-secret named it",
      },
    },
    examples: {
      backup: [
        [`backup my-ledger --managed ${name}`, `a release on ${title}: a restore point of the server, and no dump`],
      ],
    },
    refuseChoice,
    planLines: (entry, choice) => [
      `Flexible server of ${title}, restored to a new one beside it:`,
      `  ${entry.title}: ${azureServerDetails(name, entry)?.id.split('/').at(-1) ?? '?'}, with all its databases`,
      '  the new server costs like the former, for as long as both are there',
      choice?.repoint === 'patch'
        ? "  then its host is set in the release's URL in place of the former's; take it over into Git"
        : '  what the release has to be told is shown; nothing that is in service changes',
      '  the former server stays',
    ],
    endsWithUndo(_entry, restored, isBeside) {
      const made = detailsSchema.safeParse(restored?.details).data
      if (!isBeside || made === undefined) return undefined
      return (entry) => {
        const other = azureServerDetails(name, entry)
        return other !== undefined && isSameServer(other, made)
      }
    },
  }
}

/** Flexible servers of Azure Database for PostgreSQL, by the past that the service keeps of them. */
export const azurePostgresql = flexibleServers('azure-postgresql', 'Azure Database for PostgreSQL')

/** Flexible servers of Azure Database for MySQL, likewise. */
export const azureMysql = flexibleServers('azure-mysql', 'Azure Database for MySQL')
