import {
  DescribeAccountAttributesCommand,
  DescribeDBParameterGroupsCommand,
  DescribeDBSubnetGroupsCommand,
  DescribeOptionGroupsCommand,
} from '@aws-sdk/client-rds'
import type { Finding } from '../../../../operation/finding.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import type { Instance } from '../instances/find-instance.ts'
import { deniedAction, isDenied } from '../rds-failure.ts'
import type { RestoreWork } from './restore-work.ts'

/** What an instance stands in: groups that it is given again, the network, and room in the account. */
interface Part {
  check: string
  look(): Promise<Omit<Finding, 'check' | 'subject'> | undefined>
}

/**
 * Looks whether what the restore names is still there, and room for another instance.
 * @param source the instance that was backed up, where it is still there
 * @param isMade whether an earlier worker has made the instance already
 */
export async function checkPlace(work: RestoreWork, source: Instance | undefined, isMade: boolean): Promise<Finding[]> {
  const parts = [parameterGroup(work), optionGroup(work), subnetGroup(work, source), ...(isMade ? [] : [room(work)])]
  const found = await Promise.all(
    parts.map(async ({ check, look }): Promise<Finding[]> => {
      try {
        const told = await look()
        return told === undefined ? [] : [{ ...told, check, subject: work.title }]
      } catch (error) {
        if (!isDenied(error)) throw error
        const message = `${deniedAction(error) ?? 'a right'} is missing, so what stands in the way shows in the restore`
        const cure = 'allow that action in the IAM policy of its role: docs/databases/rds.md'
        return [{ check, subject: work.title, outcome: 'warning', message, cure }]
      }
    }),
  )
  return found.flat()
}

/** @returns undefined for a default group, which RDS makes where there is none, and for none */
function named(group: string | undefined): string | undefined {
  return group === undefined || group.startsWith('default') ? undefined : group
}

function parameterGroup({ client, details }: RestoreWork): Part {
  const name = named(details.settings.restored.DBParameterGroupName)
  const asked = () => client.send(new DescribeDBParameterGroupsCommand({ DBParameterGroupName: name }))
  return { check: 'parameter group', look: async () => (name === undefined ? undefined : await present(name, asked)) }
}

function optionGroup({ client, details }: RestoreWork): Part {
  const name = named(details.settings.restored.OptionGroupName)
  const asked = () => client.send(new DescribeOptionGroupsCommand({ OptionGroupName: name }))
  return { check: 'option group', look: async () => (name === undefined ? undefined : await present(name, asked)) }
}

/** A group of that name that was made again may be in another network, where the security groups are not. */
function subnetGroup({ client, details }: RestoreWork, source: Instance | undefined): Part {
  const name = details.settings.restored.DBSubnetGroupName
  const former = details.network ?? source?.DBSubnetGroup?.VpcId
  return {
    check: 'subnet group',
    async look() {
      if (name === undefined) return undefined
      let network: string | undefined
      const told = await present(name, async () => {
        const { DBSubnetGroups } = await client.send(new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: name }))
        network = DBSubnetGroups?.[0]?.VpcId
      })
      if (told.outcome === 'error' || former === undefined || network === undefined || network === former) return told
      return {
        outcome: 'error',
        message: `${name} is in the network ${network}, and the instance was in ${former}`,
        cure: `make a subnet group ${name} in ${former} again, then run it again`,
      }
    },
  }
}

async function present(name: string, look: () => Promise<unknown>): Promise<Omit<Finding, 'check' | 'subject'>> {
  try {
    await look()
    return { outcome: 'ok', message: name }
  } catch (error) {
    if (!nameOf(error).endsWith('NotFoundFault')) throw error
    return {
      outcome: 'error',
      message: `${name}, which the instance had, is gone`,
      cure: 'make a group of that name again, then run it again',
    }
  }
}

/** Quotas of DB instances are the account's in one region (API reference: DescribeAccountAttributes). */
function room({ client, details }: RestoreWork): Part {
  return {
    check: 'quota of instances',
    async look() {
      const { AccountQuotas = [] } = await client.send(new DescribeAccountAttributesCommand({}))
      const quota = AccountQuotas.find(({ AccountQuotaName }) => AccountQuotaName === 'DBInstances')
      if (quota?.Used === undefined || quota.Max === undefined) return undefined
      const message = `${quota.Used} of ${quota.Max} instances in ${details.region}`
      if (quota.Used < quota.Max) return { outcome: 'ok', message }
      const cure = 'delete instances that nobody needs, or have the quota raised (Service Quotas), then run it again'
      return { outcome: 'error', message: `the account has no room for another: ${message}`, cure }
    },
  }
}
