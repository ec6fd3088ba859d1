import * as z from 'zod'
import { isDenied } from './azure-failure.ts'
import type { Json, ResourceManager } from './resource-manager.ts'

const subscriptionSchema = z.object({ subscriptionId: z.string() })

/** Where a resource is looked for. */
export interface Place {
  /** absent: wherever the identity may look */
  subscription: string | undefined
  resourceGroup: string | undefined
}

/**
 * The first resource of a type that is the one meant: in the subscription that is given, else in all that the identity
 * sees.
 * @param type Microsoft.DocumentDB/databaseAccounts
 * @param read the resource where it is the one meant
 * @returns where there is none, where it was looked for, for people
 */
export async function seekResource<Found>(
  arm: ResourceManager,
  type: string,
  { subscription, resourceGroup }: Place,
  read: (told: Json) => Found | undefined,
): Promise<{ found: Found } | { why: string }> {
  const subscriptions = subscription === undefined ? await subscriptionsOf(arm) : [subscription]
  const closed: string[] = []
  for (const one of subscriptions) {
    const group = resourceGroup === undefined ? '' : `/resourceGroups/${encodeURIComponent(resourceGroup)}`
    const listed = await arm.list(`/subscriptions/${one}${group}/providers/${type}`).catch((error: unknown) => {
      // Of those that nobody named, some are of no concern here.
      if (subscription !== undefined || !isDenied(error)) throw error
      closed.push(one)
      return []
    })
    for (const told of listed) {
      const found = read(told)
      if (found !== undefined) return { found }
    }
  }
  const open = subscriptions.filter((one) => !closed.includes(one))
  const looked = [
    ...(subscriptions.length === 0 ? ['the identity sees no subscription'] : []),
    ...(open.length === 0 ? [] : [`none in ${open.join(', ')} has it`]),
    ...(closed.length === 0 ? [] : [`the identity may not look in ${closed.join(', ')}`]),
    ...(resourceGroup === undefined ? [] : [`looked for in resource group ${resourceGroup} alone`]),
  ]
  return { why: looked.join('; ') }
}

async function subscriptionsOf(arm: ResourceManager): Promise<string[]> {
  const listed = await arm.list('/subscriptions')
  return listed.flatMap((one) => subscriptionSchema.safeParse(one).data?.subscriptionId ?? [])
}
