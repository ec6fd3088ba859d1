import { placeFlags } from '../../../operation/databases/azure-place.ts'
import { Failure } from '../../../operation/failure.ts'
import type { DatabaseFlags } from '../../../operation/request.ts'
import { cloudOf, resourceManagerVariable, type Cloud } from '../../azure/clouds.ts'
import type { Place } from '../../azure/seek-resource.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { namesOf, oneServerOf, type Server } from '../managed-server/server.ts'
import type { FlexibleService } from './service.ts'

/** Where a server is, as its release names it, and who manages it. */
export interface Access extends Place {
  /** the names that it may have as its own */
  names: readonly string[]
  cloud: Cloud
}

/** What people call such a server. */
export const noun = 'a flexible server of Azure'

/** The one server that a storage names. @throws Failure where it names several */
export function serverOf(settings: StorageSettings): Server {
  return oneServerOf(settings, noun)
}

/** The names that the host of a storage goes by. @throws Failure where nobody tells them; the signal's reason */
export async function namesOfServer(
  { ownHost }: FlexibleService,
  settings: StorageSettings,
  signal: AbortSignal,
): Promise<string[]> {
  return await namesOf(serverOf(settings).host, (name) => ownHost.test(name), signal)
}

/**
 * The access of storages that live on one server. Rights at Azure are those of the pod's identity.
 * @param flags that this kind alone understands
 * @throws Failure where the host is none of Azure's; the signal's reason
 */
export async function accessOf(
  service: FlexibleService,
  settings: StorageSettings,
  flags: DatabaseFlags['own'],
  signal: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Access> {
  const names = await namesOfServer(service, settings, signal)
  const cloud = cloudOf(names.at(-1) ?? '', env)
  if (cloud === undefined)
    throw new Failure({
      what: `storage "${settings.storage}" is not known to be on a flexible server of Azure`,
      why: `${names.join(', an alias of ')} is of no cloud of Azure that this version knows`,
      next:
        'check scalar.db.contact_points, or name its Resource Manager by ' +
        `--env ${resourceManagerVariable}=https://…`,
    })
  return {
    names,
    cloud,
    subscription: flags?.[placeFlags.subscription],
    resourceGroup: flags?.[placeFlags.resourceGroup],
  }
}
