import { AwsError } from '../service/errors.ts'
import { networkOf, text, type Asked } from './instances.ts'
import type { RelationalOperation } from './instance-operations.ts'
import type { Parameters } from './query-protocol.ts'

/** Groups of every name are there, but for those that are said to be gone. */
function present(parameters: Parameters, parameter: string, { service }: Asked, refusal: AwsError): string {
  const name = text(parameters, parameter) ?? ''
  if (service.settings.relational.gone.includes(name)) throw refusal
  return name
}

export const groupOperations: Record<string, RelationalOperation> = {
  DescribeDBParameterGroups(parameters, asked) {
    const refusal = new AwsError('DBParameterGroupNotFound', 'DBParameterGroup not found.', 404)
    const DBParameterGroupName = present(parameters, 'DBParameterGroupName', asked, refusal)
    return { DBParameterGroups: [{ DBParameterGroupName, DBParameterGroupFamily: 'postgres15' }] }
  },

  DescribeOptionGroups(parameters, asked) {
    const refusal = new AwsError('OptionGroupNotFoundFault', 'Specified OptionGroupName not found.', 404)
    const OptionGroupName = present(parameters, 'OptionGroupName', asked, refusal)
    return { OptionGroupsList: [{ OptionGroupName, EngineName: 'postgres' }] }
  },

  DescribeDBSubnetGroups(parameters, asked) {
    const refusal = new AwsError('DBSubnetGroupNotFoundFault', 'DB subnet group does not exist.', 404)
    const DBSubnetGroupName = present(parameters, 'DBSubnetGroupName', asked, refusal)
    return { DBSubnetGroups: [{ DBSubnetGroupName, VpcId: networkOf(DBSubnetGroupName, asked.service) }] }
  },

  DescribeAccountAttributes(_, { caller, instances, service }) {
    const [Used, Max] = [instances.of(caller).length, service.settings.relational.instances]
    return { AccountQuotas: [{ AccountQuotaName: 'DBInstances', Used, Max }] }
  },
}
