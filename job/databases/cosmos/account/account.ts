// Room: an account of Cosmos DB as Azure's Resource Manager tells of it.
// Read account, find-account, restorable-account, read-settings, read-databases.

import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Json, ResourceManager } from '../../../azure/resource-manager.ts'

const locationSchema = z.object({
  locationName: z.string(),
  failoverPriority: z.int().default(0),
  isZoneRedundant: z.boolean().default(false),
})

const accountSchema = z.object({
  id: z.string(),
  name: z.string(),
  location: z.string(),
  kind: z.string().optional(),
  tags: z.record(z.string(), z.string()).nullish(),
  identity: z
    .object({ type: z.string().optional(), userAssignedIdentities: z.record(z.string(), z.json()).nullish() })
    .nullish(),
  properties: z
    .object({
      provisioningState: z.string().optional(),
      documentEndpoint: z.string().optional(),
      instanceId: z.string().optional(),
      createMode: z.string().optional(),
      restoreParameters: z
        .object({ restoreSource: z.string().optional(), restoreTimestampInUtc: z.string().optional() })
        .nullish(),
      locations: z.array(locationSchema).default([]),
      consistencyPolicy: z.object({ defaultConsistencyLevel: z.string() }).catchall(z.json()).optional(),
      backupPolicy: z
        .object({ type: z.string(), continuousModeProperties: z.object({ tier: z.string().optional() }).nullish() })
        .catchall(z.json())
        .optional(),
      capabilities: z.array(z.object({ name: z.string() })).nullish(),
      privateEndpointConnections: z
        .array(z.object({ properties: z.object({ privateEndpoint: z.object({ id: z.string() }).nullish() }) }))
        .nullish(),
    })
    .catchall(z.json()),
})

/** An account as it is told: what nobody here knows of is kept in `properties`. */
export type Account = z.infer<typeof accountSchema>

/** @throws Failure where the service tells of an account in a form that this version does not know */
export function asAccount(told: Json): Account {
  const parsed = accountSchema.safeParse(told)
  if (parsed.success) return parsed.data
  throw new Failure({
    what: 'what Azure tells of an account cannot be read',
    why: z.prettifyError(parsed.error).replaceAll('\n', '; '),
    next: 'use a newer kubectl-scalardl and worker image',
  })
}

/** The account of an id; undefined where there is none. */
export async function lookAtAccount(arm: ResourceManager, id: string): Promise<Account | undefined> {
  const told = await arm.find(id)
  return told === undefined ? undefined : asAccount(told)
}

/** /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.DocumentDB/databaseAccounts/NAME */
export function partsOf(id: string): { subscription: string; resourceGroup: string; name: string } {
  const [, , subscription = '', , resourceGroup = '', , , , name = ''] = id.split('/')
  return { subscription, resourceGroup, name }
}

/** The id of another account beside one. */
export function siblingId(id: string, name: string): string {
  return `${id.slice(0, id.lastIndexOf('/'))}/${name}`
}

/** A region as ids name it: `West US 2` is `westus2`. */
export function regionKey(name: string): string {
  return name.toLowerCase().replaceAll(' ', '')
}

/** Two names of one region. */
export function sameRegion(a: string, b: string): boolean {
  return regionKey(a) === regionKey(b)
}

/** The regions of an account, the one that is written to first. */
export function regionsOf({ properties: { locations } }: Account): { name: string; zoneRedundant: boolean }[] {
  return locations
    .toSorted((a, b) => a.failoverPriority - b.failoverPriority)
    .map(({ locationName, isZoneRedundant }) => ({ name: locationName, zoneRedundant: isZoneRedundant }))
}

/** How long the past is kept, an open name such as Continuous30Days; undefined where it is not (periodic backups). */
export function tierOf({ properties: { backupPolicy } }: Account): string | undefined {
  if (backupPolicy?.type !== 'Continuous') return undefined
  // Accounts from before the tiers have none, and keep 30 days.
  return backupPolicy.continuousModeProperties?.tier ?? 'Continuous30Days'
}

/** The days of a tier; undefined for one whose name does not tell. */
export function daysOf(tier: string): number | undefined {
  const [, days] = /^Continuous(\d+)Days$/.exec(tier) ?? []
  return days === undefined ? undefined : Number(days)
}
