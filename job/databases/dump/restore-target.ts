import type { Finding } from '../../../operation/finding.ts'
import type { RestoredDatabase } from '../../../operation/record.ts'
import type { RestorePlan } from '../database.ts'
import type { ManifestSeal } from './manifest.ts'
import type { Mark } from './mark.ts'
import type { Names } from './names.ts'

/** What a server has in one place of a restore. */
export interface Found {
  /** for people: what holds the data there, or would */
  name: string
  /** whether there is data */
  filled: boolean
  /** whether something is there that data has left, such as a schema without tables */
  vacated: boolean
  mark: Mark | undefined
}

/** What a server has of a restore. It is asked each time: it alone knows. */
export type World<Place extends Found = Found> = { [Name in keyof Names]: Place }

/** A server that data was restored into, as its kind works with it. No session outlives a call: hours lie between. */
export interface RestoreTarget<Seen extends World = World> {
  readonly title: string
  readonly kind: string
  /** the names of the places, as the record keeps them */
  readonly details: RestoredDatabase['details']
  look(): Promise<Seen>
  /** puts the restored data in service and that in service beside it: both change their places at once or none */
  putInService(): Promise<void>
  /** the reverse; where the restored data stood alone, none is in service afterwards */
  takeOutOfService(): Promise<void>
  /** whether this user can do the one or the other now, while the releases still serve */
  checkSwitch(world: Seen): Promise<Finding[]>
  checkWayBack(world: Seen): Promise<Finding[]>
  checkDrop(world: Seen): Promise<Finding[]>
  /** removes what is in one of the places beside the one in service */
  drop(place: 'restored' | 'before'): Promise<void>
  /** does something; an error of the server becomes a Failure of that title */
  explained(what: string, act: () => Promise<void>): Promise<void>
}

/** A server that a dump is to be loaded into. */
export interface LoadTarget<Seen extends World = World> extends RestoreTarget<Seen> {
  /** the dump's folder in the storage, and what the record keeps of its manifest */
  readonly folder: string
  readonly seal: Pick<ManifestSeal, 'sha256'>
  plan(): Promise<RestorePlan>
  /** what stands in the way of a load on the server; the dump itself is looked at before */
  preflight(): Promise<Finding[]>
  /** loads the verified dump beside the data in service, compares the rows and marks it as loaded */
  load(): Promise<void>
}

/** Whether what a restore loaded is what the releases use. */
export function isInService({ live }: World, operation: string): boolean {
  return live.mark?.operation === operation
}
