import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { RestoreChoice } from '../../../../operation/restore-options.ts'
import { Failure } from '../../../../operation/failure.ts'
import { cloudOf } from '../../../azure/clouds.ts'
import { ResourceManager } from '../../../azure/resource-manager.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { restoredName } from '../../point-in-time/restored-name.ts'
import type { WorkContext } from '../../point-in-time/work-context.ts'
import { readDetails, type Details } from '../details.ts'
import type { FlexibleService } from '../service.ts'
import { partsOf } from '../servers/server.ts'

/** How long Azure may be out of reach before an operation gives up, ms. */
const patienceMs = 1_800_000

/** The name of a server has 63 characters at most: letters, digits and single hyphens. */
const mostCharacters = 63

/** Everything about one flexible server that is being restored. */
export interface RestoreWork {
  service: FlexibleService
  title: string
  settings: readonly StorageSettings[]
  entry: DatabaseBackup
  details: Details
  choice: RestoreChoice
  context: WorkContext
  /** the moment that is brought back, a whole second */
  point: Date
  /** id of the server that is made */
  target: string
  /** calls that end when the operation is told to stop */
  arm: ResourceManager
  /** calls that go on: putting back is what a stopped operation does */
  lasting: ResourceManager
}

/** @throws Failure where the record's entry cannot be read */
export function openWork(
  service: FlexibleService,
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  context: WorkContext,
  env: NodeJS.ProcessEnv = process.env,
): RestoreWork {
  const details = readDetails(entry)
  const choice = context.choice ?? {}
  const cloud = cloudOf(details.host, env)
  if (cloud === undefined)
    throw new Failure({
      what: `${entry.title} cannot be restored`,
      why: `${details.host} is of no cloud of Azure that this version knows`,
      next: 'use the environment of the worker that made the backup',
    })
  const point = new Date(choice.at ?? entry.snapshotAt ?? Number.NaN)
  const name = restoredName(partsOf(details.id).name, context.operation, point, mostCharacters)
  return {
    service,
    title: entry.title,
    settings,
    entry,
    details,
    choice,
    context,
    point,
    target: `${details.id.slice(0, details.id.lastIndexOf('/'))}/${name}`,
    arm: new ResourceManager(cloud, { patienceMs, signal: context.signal }),
    lasting: new ResourceManager(cloud, { patienceMs }),
  }
}
