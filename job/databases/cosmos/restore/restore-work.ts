import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { RestoreChoice } from '../../../../operation/restore-options.ts'
import { cloudOf } from '../../../azure/clouds.ts'
import { ResourceManager } from '../../../azure/resource-manager.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { restoredName } from '../../point-in-time/restored-name.ts'
import type { WorkContext } from '../../point-in-time/work-context.ts'
import { endpointOf, titleOf } from '../access.ts'
import { partsOf, siblingId, sameRegion } from '../account/account.ts'
import { readDetails, type Details } from '../details.ts'

/** How long Azure may be out of reach before an operation gives up, ms. */
const patienceMs = 1_800_000

/** The name of an account has 44 characters at most, all of them small letters, digits and hyphens. */
const mostCharacters = 44

/** Everything about one account that is being restored. */
export interface RestoreWork {
  title: string
  settings: readonly StorageSettings[]
  entry: DatabaseBackup
  details: Details
  choice: RestoreChoice
  context: WorkContext
  /** the moment that is brought back, a whole second */
  point: Date
  /** id of the account that is made */
  target: string
  /** region that is restored to */
  region: string
  isMoved: boolean
  /** the endpoints that the releases name at this moment */
  endpoints: readonly string[]
  /** calls that end when the operation is told to stop */
  arm: ResourceManager
  /** calls that go on: putting back is what a stopped operation does */
  lasting: ResourceManager
}

/** @throws Failure where the record's entry cannot be read */
export function openWork(
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  context: WorkContext,
  env: NodeJS.ProcessEnv = process.env,
): RestoreWork {
  const details = readDetails(entry)
  const choice = context.choice ?? {}
  const cloud = cloudOf(new URL(details.endpoint).hostname, env)
  if (cloud === undefined)
    throw new Failure({
      what: `${entry.title} cannot be restored`,
      why: `${details.endpoint} is of no cloud of Azure that this version knows`,
      next: 'use the environment of the worker that made the backup',
    })
  const written = details.settings.regions[0]?.name ?? ''
  const point = new Date(choice.at ?? entry.snapshotAt ?? Number.NaN)
  return {
    title: titleOf(details.endpoint),
    settings,
    entry,
    details,
    choice,
    context,
    point,
    target: siblingId(details.id, restoredName(partsOf(details.id).name, context.operation, point, mostCharacters)),
    region: choice.region ?? written,
    isMoved: choice.region !== undefined && !sameRegion(choice.region, written),
    endpoints: settings.map(endpointOf),
    arm: new ResourceManager(cloud, { patienceMs, signal: context.signal }),
    lasting: new ResourceManager(cloud, { patienceMs }),
  }
}
