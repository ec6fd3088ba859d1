import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import { changed } from '../../../azure/long-operation.ts'
import { isAbsent, type ResourceManager } from '../../../azure/resource-manager.ts'
import type { RestorableParts } from '../../point-in-time/wait-until-restorable.ts'
import { containerPath, type ContainerName } from '../account/read-databases.ts'
import { parseAzureTime } from '../azure-time.ts'

const informationSchema = z.object({
  continuousBackupInformation: z.object({ latestRestorableTimestamp: z.string() }).nullish(),
})

/** Until then nothing of a container is backed up: the service answers with the beginning of all time. */
const neverMs = Date.UTC(1971, 0)

/** For people, and to tell containers apart: DATABASE/CONTAINER. */
export function titleOfContainer({ database, container }: ContainerName): string {
  return `${database}/${container}`
}

/**
 * An account's containers, as their windows are waited for: the service tells of each up to when its writes are backed
 * up, some 100 s behind the present.
 * @param region that is written to
 */
export function restorableContainers(
  arm: ResourceManager,
  { id, region }: { id: string; region: string },
  containers: readonly ContainerName[],
): RestorableParts {
  const byTitle = new Map(containers.map((one) => [titleOfContainer(one), one]))
  return {
    noun: 'container',
    keeper: 'continuous backup',
    cure: 'see that the account keeps its continuous backup and nobody deletes containers, then back up again',
    async readWindow(title) {
      const one = byTitle.get(title)
      if (one === undefined) throw new Error(`unknown container ${title}`)
      const path = `${containerPath(id, one)}/retrieveContinuousBackupInformation`
      try {
        const told = await changed(arm, 'post', path, { location: region })
        const text = informationSchema.safeParse(told).data?.continuousBackupInformation?.latestRestorableTimestamp
        const latestMs = parseAzureTime(text)
        return { earliestMs: undefined, latestMs: latestMs === undefined || latestMs < neverMs ? undefined : latestMs }
      } catch (error) {
        if (!isAbsent(error)) throw error
        throw new Failure(
          {
            what: `container ${title} cannot be brought back to the restore point`,
            why: 'it was deleted after the point',
            next: 'back up again when nothing deletes containers',
          },
          { cause: error },
        )
      }
    },
  }
}
