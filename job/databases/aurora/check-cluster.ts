import type { Finding } from '../../../operation/finding.ts'
import { serving } from '../aws-relational/backup/preflight.ts'
import { accountOf } from '../aws-relational/past.ts'
import type { Cluster } from './cluster.ts'

/** Where the cluster is, what it is, that a restore makes one like it, and that it serves. */
export function checkCluster(title: string, region: string, one: Cluster): Finding {
  const check = { check: 'cluster', subject: title }
  const { name, arn, status, members, told } = one
  const refused = (message: string, cure: string) => ({ ...check, outcome: 'error' as const, message, cure })
  const unfit = unfitness(one)
  if (unfit !== undefined) return refused(`${name} is ${unfit}`, 'omit --managed for a dump')
  if (told.ReplicationSourceIdentifier !== undefined && told.ReplicationSourceIdentifier !== '')
    return refused(
      `${name} is a replica of ${told.ReplicationSourceIdentifier}, and lags behind it`,
      'have the release use the cluster that takes writes',
    )
  if (!members.some(({ isWriter }) => isWriter))
    return refused(
      `${name} has no instance that takes writes`,
      'add one, or look in the RDS console what is the matter',
    )
  const idle = members.find((member) => !serving.test(member.status))
  const [what, state] = serving.test(status) ? [`instance ${idle?.name} of ${name}`, idle?.status] : [name, status]
  if (state !== undefined)
    return refused(`${what} is ${state}`, 'wait until it is available, or look in the RDS console what is the matter')
  const size = `${members.length} instance${members.length === 1 ? '' : 's'}`
  const engine = `${told.Engine} ${told.EngineVersion ?? ''}, ${size}`
  return { ...check, outcome: 'ok', message: `${name}, ${engine}, in ${region} of account ${accountOf(arn)}` }
}

/** Why a restore would not make one like it; undefined where it does. */
function unfitness({ told }: Cluster): string | undefined {
  const { Engine = 'unknown', EngineMode: mode, GlobalClusterIdentifier: global } = told
  if (/^(postgres|mysql)$/.test(Engine)) return `a Multi-AZ DB cluster of ${Engine}, and none of Aurora`
  if (!/^aurora-(postgresql|mysql)$/.test(Engine))
    return `of the engine ${Engine}, and not of Aurora PostgreSQL or MySQL`
  if (mode === 'serverless') return 'of Aurora Serverless v1, which has no instances that a restore could make again'
  if (mode !== undefined && mode !== 'provisioned') return `of the engine mode ${mode}`
  if (told.ClusterScalabilityType === 'limitless') return 'an Aurora Limitless Database'
  if (global !== undefined && global !== '')
    return `of the global database ${global}, of which a restored cluster would be no part`
  return undefined
}
