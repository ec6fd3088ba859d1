import * as z from 'zod'
import { isDeepStrictEqual } from 'node:util'
import { Failure } from '../../../../operation/failure.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { BackedUpTable } from '../details.ts'
import { lookAtTable } from '../tables/look-at-table.ts'
import { readTableSettings } from '../settings/read-settings.ts'
import type { RestoreWork } from './restore-work.ts'
import { tableSettingsSchema } from '../settings/table-settings.ts'

/** The tables that were in service before a restore replaced them, by name. */
const formerTablesSchema = z.record(
  z.string(),
  z.object({
    /** of that very table: the backup that AWS makes of it when it is deleted is found by this */
    id: z.string(),
    /** where they are others than those of the backup; what an undo puts on again */
    settings: tableSettingsSchema.optional(),
  }),
)
export type FormerTables = z.infer<typeof formerTablesSchema>

const step = 'note originals'

/** Journals which tables are in service, before the first of them is deleted. */
export async function noteFormerTables(
  { regions, context: { former } }: RestoreWork,
  tables: readonly BackedUpTable[],
  journal: Journal,
): Promise<FormerTables> {
  const known = formerTablesSchema.safeParse(former?.details['originals'])
  if (known.success) return known.data
  const note = async (): Promise<FormerTables> => {
    const autoscaling = await regions.autoscaling()
    const noted = await Promise.all(
      tables.map(async ({ name, settings }) => {
        const found = await lookAtTable(regions.target.dynamo, name)
        if (found === undefined) throw missing(name)
        const present = await readTableSettings(regions.target, found, autoscaling)
        return [
          name,
          { id: found.TableId ?? '', ...(isDeepStrictEqual(present, settings) ? {} : { settings: present }) },
        ] as const
      }),
    )
    return Object.fromEntries(noted)
  }
  return formerTablesSchema.parse(await journal.once(step, note))
}

/**
 * As an earlier worker, or the restore that is undone, noted them; undefined where nothing was: then nothing was
 * deleted either.
 */
export function notedFormerTables({ context: { former } }: RestoreWork, journal: Journal): FormerTables | undefined {
  return formerTablesSchema.safeParse(former?.details['originals'] ?? journal.result(step)).data
}

function missing(name: string): Failure {
  return new Failure({
    what: `${name} cannot be replaced`,
    why: 'it is not there any more',
    next: 'restore under a prefix instead: --strategy prefix',
  })
}
