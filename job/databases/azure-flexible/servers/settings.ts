import * as z from 'zod'
import type { FlexibleService } from '../service.ts'
import type { FlexibleServer } from './server.ts'

const groupSchema = z.record(z.string(), z.json())

export const settingsSchema = z.object({
  location: z.string(),
  sku: z.object({ name: z.string(), tier: z.string() }),
  version: z.string().optional(),
  availabilityZone: z.string().optional(),
  /** where it listens, which is chosen when it is made; of MySQL's service */
  databasePort: z.int().optional(),
  tags: z.record(z.string(), z.string()),
  identity: z.object({ type: z.string(), userAssigned: z.array(z.string()) }),
  /** by the name that each has below `properties` */
  groups: z.record(z.string(), groupSchema),
  /** ranges of addresses by the name of their rule: `203.0.113.0-203.0.113.255` */
  firewallRules: z.record(z.string(), z.string()),
  /** server parameters that somebody has set, by name */
  configurations: z.record(z.string(), z.string()),
  /** of Microsoft Entra, by the name of each */
  administrators: z.record(z.string(), groupSchema),
  /** names of its replicas, which a restore does not make */
  replicas: z.array(z.string()),
  /** ids of private endpoints that lead to it, which a restored server has none of */
  privateEndpoints: z.array(z.string()),
})
export type ServerSettings = z.infer<typeof settingsSchema>

/** What is set of a server itself, without what is in lists of its own. */
export function ownSettings(
  service: FlexibleService,
  one: FlexibleServer,
): Omit<ServerSettings, 'firewallRules' | 'configurations' | 'administrators' | 'replicas'> {
  const { properties } = one
  const { availabilityZone, databasePort } = properties
  const groups = Object.entries(service.groups).map(([name, leftOut]) => {
    const told = groupSchema.safeParse(properties[name]).data ?? {}
    const set = Object.entries(told).filter(([key, value]) => !leftOut.includes(key) && value !== null && value !== '')
    return [name, Object.fromEntries(set)] as const
  })
  return {
    location: one.location,
    sku: one.sku,
    ...(properties.version === undefined ? {} : { version: properties.version }),
    ...(typeof availabilityZone === 'string' && availabilityZone !== '' ? { availabilityZone } : {}),
    ...(typeof databasePort === 'number' ? { databasePort } : {}),
    tags: one.tags ?? {},
    identity: {
      type: one.identity?.type ?? 'None',
      userAssigned: Object.keys(one.identity?.userAssignedIdentities ?? {}).sort(),
    },
    groups: Object.fromEntries(groups),
    privateEndpoints: (properties.privateEndpointConnections ?? []).flatMap(
      (connection) => connection.properties.privateEndpoint?.id ?? [],
    ),
  }
}

/** Whether a server is in a network of the user's own: then it has no public access and no firewall. */
export function isPrivate({ groups: { network } }: Pick<ServerSettings, 'groups'>): boolean {
  return network?.['delegatedSubnetResourceId'] !== undefined
}

/** What of a server no restore brings back, for people. */
export function leftOut({ replicas, privateEndpoints, identity }: ServerSettings): string[] {
  return [
    ...(replicas.length === 0 ? [] : [`its replicas ${replicas.join(', ')} are not restored`]),
    ...(privateEndpoints.length === 0
      ? []
      : [`its ${privateEndpoints.length} private endpoints lead to it, and none to a restored server`]),
    ...(identity.type.includes('SystemAssigned')
      ? ['a restored server has a system-assigned identity of its own']
      : []),
  ]
}
