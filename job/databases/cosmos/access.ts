import { placeFlags } from '../../../operation/databases/azure-place.ts'
import { Failure } from '../../../operation/failure.ts'
import type { DatabaseFlags } from '../../../operation/request.ts'
import { cloudOf, resourceManagerVariable, type Cloud } from '../../azure/clouds.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'

/** Where an account is, as its release names it, and who manages it. */
export interface Access {
  /** `scalar.db.contact_points`, as it is compared: https://ledger.documents.azure.com */
  endpoint: string
  cloud: Cloud
  /** where to look for the account; absent: wherever the identity may look */
  subscription: string | undefined
  resourceGroup: string | undefined
}

/**
 * The access of storages that live in one account. Rights are those of the pod's identity; the release's own key is
 * not used.
 * @param flags that this kind alone understands
 * @throws Failure where the contact point is no endpoint of Azure's
 */
export function accessOf(
  settings: readonly StorageSettings[],
  flags: DatabaseFlags['own'],
  env: NodeJS.ProcessEnv = process.env,
): Access {
  const [first] = settings
  if (first === undefined) throw new Error('a database without storages')
  const endpoint = endpointOf(first)
  const cloud = cloudOf(new URL(endpoint).hostname, env)
  if (cloud === undefined)
    throw notAzure(
      first,
      `${endpoint} is of no cloud of Azure that this version knows`,
      `name its Resource Manager by --env ${resourceManagerVariable}=https://…`,
    )
  return {
    endpoint,
    cloud,
    subscription: flags?.[placeFlags.subscription],
    resourceGroup: flags?.[placeFlags.resourceGroup],
  }
}

/**
 * The endpoint that a storage names, without what does not tell accounts apart: the port of HTTPS, the last slash.
 * @throws Failure where it is no URL of HTTPS
 */
export function endpointOf(settings: StorageSettings): string {
  const text = settings.contactPoints.trim()
  if (!URL.canParse(text) || new URL(text).protocol !== 'https:')
    throw notAzure(
      settings,
      'its scalar.db.contact_points is not the URL of an account',
      'set it as the account shows it: https://ACCOUNT.documents.azure.com:443/',
    )
  return comparable(text)
}

/** A URL as it is compared with another of the same place. */
export function comparable(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`.replace(/\/+$/, '').toLowerCase()
}

/** For people: cosmos://ledger.documents.azure.com */
export function titleOf(endpoint: string): string {
  return endpoint.replace(/^https:/, 'cosmos:')
}

function notAzure({ storage }: StorageSettings, why: string, next: string): Failure {
  return new Failure({ what: `storage "${storage}" is not known to be in Azure Cosmos DB`, why, next })
}
