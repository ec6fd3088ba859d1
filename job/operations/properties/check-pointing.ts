import { Failure } from '../../../operation/failure.ts'
import type { Finding } from '../../../operation/finding.ts'
import type { ReleaseProperties } from '../../databases/database.ts'
import type { DatabaseGroup } from '../../databases/open.ts'

/**
 * What a doctor says of pointing releases to restored data: whether a restore may do it, or why it is left to the
 * administrator. Either is well.
 */
export async function checkPointing(
  properties: ReleaseProperties,
  databases: readonly DatabaseGroup[],
): Promise<Finding[]> {
  const named = databases.flatMap(({ kind, settings }) =>
    settings.flatMap((one) => (kind.pointedBy ?? []).map((by) => ({ ...by, settings: one }))),
  )
  const found = await Promise.all(
    named.map(async ({ settings, property, secrecy }) => ({
      storage: settings.storage,
      obstacle: await properties.obstacle(settings, property, secrecy).catch((error: unknown) => {
        if (error instanceof Failure) return error.text
        throw error
      }),
    })),
  )
  return [...Map.groupBy(found, ({ storage }) => storage)].map(([storage, all]) => {
    const obstacle = all.find((one) => one.obstacle !== undefined)?.obstacle
    return {
      check: 'pointing to restored data',
      subject: storage,
      outcome: 'ok',
      message:
        obstacle === undefined
          ? 'restore --repoint patch may do it'
          : `by hand, as restore --repoint print shows it: ${obstacle.why} (${obstacle.next})`,
    }
  })
}
