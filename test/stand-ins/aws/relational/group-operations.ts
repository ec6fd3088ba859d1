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

  DescribeDBClusterParameterGroups(parameters, asked) {
    const refusal = new AwsError('DBParameterGroupNotFound', 'DBClusterParameterGroup not found.', 404)
    const DBClusterParameterGroupName = present(parameters, 'DBClusterParameterGroupName', asked, refusal)
    return {
      DBClusterParameterGroups: [{ DBClusterParameterGroupName, DBParameterGroupFamily: 'aurora-postgresql15' }],
    }
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

  DescribeAccountAttributes(_, { caller, clusters, instances, service }) {
    const { relational } = service.settings
    const quota = (AccountQuotaName: string, present: readonly unknown[], Max: number) => ({
      AccountQuotaName,
      Used: present.length,
      Max,
    })
    return {
      AccountQuotas: [
        quota('DBInstances', instances.of(caller), relational.instances),
        quota('DBClusters', clusters.of(caller), relational.clusters),
      ],
    }
  },
}
