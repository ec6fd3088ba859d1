// Room: a flexible server as Azure's Resource Manager tells of it, and all that can be set of it.
// Read server, find-server, settings, read-settings, window.

import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Json, ResourceManager } from '../../../azure/resource-manager.ts'

const serverSchema = z.object({
  id: z.string(),
  name: z.string(),
  location: z.string(),
  sku: z.object({ name: z.string(), tier: z.string() }),
  tags: z.record(z.string(), z.string()).nullish(),
  identity: z
    .object({ type: z.string().optional(), userAssignedIdentities: z.record(z.string(), z.json()).nullish() })
    .nullish(),
  systemData: z.object({ createdAt: z.string().optional() }).nullish(),
  properties: z
    .object({
      state: z.string().optional(),
      version: z.string().optional(),
      fullyQualifiedDomainName: z.string().optional(),
      replicationRole: z.string().optional(),
      backup: z
        .object({ backupRetentionDays: z.int().optional(), earliestRestoreDate: z.string().nullish() })
        .catchall(z.json())
        .optional(),
      cluster: z.object({ clusterSize: z.int().optional() }).nullish(),
      privateEndpointConnections: z
        .array(z.object({ properties: z.object({ privateEndpoint: z.object({ id: z.string() }).nullish() }) }))
        .nullish(),
    })
    .catchall(z.json()),
})

/** A server as it is told: what nobody here knows of is kept in `properties`. */
export type FlexibleServer = z.infer<typeof serverSchema>

/** @throws Failure where the service tells of a server in a form that this version does not know */
export function asServer(told: Json): FlexibleServer {
  const parsed = serverSchema.safeParse(told)
  if (parsed.success) return parsed.data
  throw new Failure({
    what: 'what Azure tells of a flexible server cannot be read',
    why: z.prettifyError(parsed.error).replaceAll('\n', '; '),
    next: 'use a newer kubectl-scalardl and worker image',
  })
}

/** The server of an id; undefined where there is none. */
export async function lookAtServer(arm: ResourceManager, id: string): Promise<FlexibleServer | undefined> {
  const told = await arm.find(id)
  return told === undefined ? undefined : asServer(told)
}

/** /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/PROVIDER/flexibleServers/NAME */
export function partsOf(id: string): { subscription: string; resourceGroup: string; name: string } {
  const [, , subscription = '', , resourceGroup = '', , , , name = ''] = id.split('/')
  return { subscription, resourceGroup, name }
}

/** When a server was made, as a record keeps it: by this and its id it is told from another of its name. */
export function createdAt({ systemData }: FlexibleServer): string {
  const text = systemData?.createdAt ?? ''
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? text : new Date(ms).toISOString()
}

/** The very server that a record is of; undefined where it is gone, or another has its name. */
export async function sameServer(
  arm: ResourceManager,
  { id, createdAt: made }: { id: string; createdAt: string },
): Promise<FlexibleServer | undefined> {
  const one = await lookAtServer(arm, id)
  return one !== undefined && createdAt(one) === made ? one : undefined
}
