import type { Json } from '../../azure/resource-manager.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import type { ServerSettings } from './servers/settings.ts'

/** One of Azure's services of flexible servers: what it calls things, and what can be set of a server of it. */
export interface FlexibleService {
  /** as DatabaseBackup.kind keeps it, and --managed names it */
  name: string
  /** of what it runs, as people call it */
  product: string
  /** of its servers, as the Resource Manager names it */
  type: string
  /** hosts of servers of their own, of all clouds; those of virtual endpoints have one word more, and are aliases */
  ownHost: RegExp
  /** of the command line of Azure, for what is left to the administrator */
  command: string
  /** the page that has the roles */
  rolesPage: string
  /** Whether a URL is of its driver. */
  isDriver(settings: StorageSettings): boolean
  /** groups below `properties` that can be set, and what of each is only told */
  groups: Readonly<Record<string, readonly string[]>>
  /** groups that are changed once a server is there, one after the other */
  changeable: readonly string[]
  /** what of a group nobody may change: it is chosen when a server is made, or follows from another setting */
  fixed: Readonly<Record<string, readonly string[]>>
  /** groups of which a change may be refused, which is told and no end of a restore */
  mayRefuse: readonly string[]
  /** what is known of an administrator of Microsoft Entra */
  administrator: readonly string[]
  /** Whether administrators of Microsoft Entra are of use there. */
  knowsEntra(settings: Pick<ServerSettings, 'groups'>): boolean
  /** what a parameter says of its source when it is given its default back */
  defaultSource: 'user-override' | 'system-default'
  /**
   * Properties of the call that restores: the time, and what is there from the first moment.
   * @param now the time, RFC 3339, and what the source has of storage at this moment
   */
  restored(settings: ServerSettings, now: { at: string; storageSizeGB: number }): Record<string, Json>
}
