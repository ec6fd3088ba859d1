import * as z from 'zod'
import type { ResourceManager } from '../../../azure/resource-manager.ts'
import { regionKey } from './account.ts'
import type { Past } from './restorable-account.ts'

/** A database and the names of its containers. */
const contentsSchema = z.array(z.object({ database: z.string(), containers: z.array(z.string()) }))
export type Contents = z.infer<typeof contentsSchema>

const resourceSchema = z.object({ databaseName: z.string(), collectionNames: z.array(z.string()).nullish() })

/**
 * What a restore to a moment brings back, by the service's own word (Restorable SQL Resources - List).
 * @param region whose backup is restored
 * @returns undefined where the service names nothing at all
 */
export async function contentsThen(
  arm: ResourceManager,
  { id }: Pick<Past, 'id'>,
  { region, point }: { region: string; point: Date },
): Promise<Contents | undefined> {
  const query = new URLSearchParams({ restoreLocation: regionKey(region), restoreTimestampInUtc: point.toISOString() })
  const listed = await arm.list(`${id}/restorableSqlResources?${query.toString()}`)
  const contents = listed.flatMap((one) => {
    const { databaseName, collectionNames } = resourceSchema.safeParse(one).data ?? {}
    return databaseName === undefined ? [] : [{ database: databaseName, containers: collectionNames ?? [] }]
  })
  return contents.length === 0 ? undefined : contents
}

/** What a journal has kept of them. */
export function readContents(kept: unknown): Contents | undefined {
  return contentsSchema.safeParse(kept).data
}
