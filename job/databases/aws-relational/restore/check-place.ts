import {
  DescribeAccountAttributesCommand,
  DescribeDBParameterGroupsCommand,
  DescribeDBSubnetGroupsCommand,
} from '@aws-sdk/client-rds'
import type { Finding } from '../../../../operation/finding.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import { deniedAction, isDenied, roleCure } from '../rds-failure.ts'
import type { Kept } from '../relational-kind.ts'
import type { RestoreWork } from './restore-work.ts'

type Told = Omit<Finding, 'check' | 'subject'>

/** What a restored one stands in: a group that it is given again, the network, room in the account. */
export interface Part {
  check: string
  look(): Promise<Told | undefined>
}

type Client = Pick<RestoreWork<Kept, unknown>, 'client'>

/**
 * Looks whether what the restore names is still there, and room for another.
 * @param source the one that was backed up, where it is still there
 * @param isMade whether an earlier worker has made the new one already
 */
export async function checkPlace<One extends Kept, Settings>(
  work: RestoreWork<One, Settings>,
  source: One | undefined,
  isMade: boolean,
): Promise<Finding[]> {
  const { kind, details } = work
  const parts = [...kind.place(work, details.network ?? source?.network), ...(isMade ? [] : kind.room(work))]
  const found = await Promise.all(
    parts.map(async ({ check, look }): Promise<Finding[]> => {
      try {
        const told = await look()
        return told === undefined ? [] : [{ ...told, check, subject: work.title }]
      } catch (error) {
        if (!isDenied(error)) throw error
        const message = `${deniedAction(error) ?? 'a right'} is missing, so what stands in the way shows in the restore`
        return [{ check, subject: work.title, outcome: 'warning', message, cure: roleCure(kind.guide) }]
      }
    }),
  )
  return found.flat()
}

/**
 * A group that has to be there.
 * @param name undefined for none; a default group is made by RDS where there is none
 */
export function group(
  check: string,
  name: string | undefined,
  { noun }: { noun: string },
  ask: (name: string) => Promise<unknown>,
): Part {
  return {
    check,
    look: async () =>
      name === undefined || name.startsWith('default') ? undefined : await present(name, noun, () => ask(name)),
  }
}

export function parameterGroup(name: string | undefined, { client }: Client): Part {
  return group('parameter group', name, { noun: 'instance' }, (DBParameterGroupName) =>
    client.send(new DescribeDBParameterGroupsCommand({ DBParameterGroupName })),
  )
}

/**
 * A group of that name that was made again may be in another network, where the security groups are not.
 * @param former the network that the source was in
 */
export function subnetGroup(
  name: string | undefined,
  former: string | undefined,
  { client, kind: { noun } }: Client & { kind: { noun: string } },
): Part {
  return {
    check: 'subnet group',
    async look() {
      if (name === undefined) return undefined
      let network: string | undefined
      const told = await present(name, noun, async () => {
        const { DBSubnetGroups } = await client.send(new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: name }))
        network = DBSubnetGroups?.[0]?.VpcId
      })
      if (told.outcome === 'error' || former === undefined || network === undefined || network === former) return told
      return {
        outcome: 'error',
        message: `${name} is in the network ${network}, and the ${noun} was in ${former}`,
        cure: `make a subnet group ${name} in ${former} again, then run it again`,
      }
    },
  }
}

async function present(name: string, noun: string, look: () => Promise<unknown>): Promise<Told> {
  try {
    await look()
    return { outcome: 'ok', message: name }
  } catch (error) {
    if (!nameOf(error).endsWith('NotFoundFault')) throw error
    return {
      outcome: 'error',
      message: `${name}, which the ${noun} had, is gone`,
      cure: 'make a group of that name again, then run it again',
    }
  }
}

/** Quotas are the account's in one region (API reference: DescribeAccountAttributes). */
export function quota(
  of: { noun: 'instance' | 'cluster'; name: 'DBInstances' | 'DBClusters'; needed: number },
  { client, details }: Client & { details: { region: string } },
): Part {
  return {
    check: `quota of ${of.noun}s`,
    async look() {
      const { AccountQuotas = [] } = await client.send(new DescribeAccountAttributesCommand({}))
      const known = AccountQuotas.find(({ AccountQuotaName }) => AccountQuotaName === of.name)
      if (known?.Used === undefined || known.Max === undefined) return undefined
      const message = `${known.Used} of ${known.Max} ${of.noun}s in ${details.region}`
      if (known.Used + of.needed <= known.Max) return { outcome: 'ok', message }
      const cure = `delete ${of.noun}s that nobody needs, or have the quota raised (Service Quotas), then run it again`
      const room = of.needed === 1 ? 'another' : `${of.needed} more`
      return { outcome: 'error', message: `the account has no room for ${room}: ${message}`, cure }
    },
  }
}
