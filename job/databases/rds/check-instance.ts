import type { Finding } from '../../../operation/finding.ts'
import { serving } from '../aws-relational/backup/preflight.ts'
import type { Instance } from '../aws-relational/kept-instance.ts'
import { accountOf } from '../aws-relational/past.ts'

/** Where the instance is, what it is, and that it serves. */
export function checkInstance(title: string, region: string, { name, arn, status, told }: Instance): Finding {
  const check = { check: 'instance', subject: title }
  const { DBClusterIdentifier: cluster, Engine = 'unknown', EngineVersion = '' } = told
  const refused = (message: string, cure: string) => ({ ...check, outcome: 'error' as const, message, cure })
  if (cluster !== undefined)
    return refused(
      `${name} is of cluster ${cluster}, and no instance of its own`,
      "use --managed aurora with the cluster's endpoint, or omit it for a dump",
    )
  if (!/^(postgres|mysql|mariadb)$/.test(Engine))
    return refused(
      `the engine of ${name} is ${Engine}`,
      'omit --managed: PostgreSQL, MySQL and MariaDB are restored by their past',
    )
  if (told.ReadReplicaSourceDBInstanceIdentifier !== undefined)
    return refused(
      `${name} is a replica of ${told.ReadReplicaSourceDBInstanceIdentifier}, and lags behind it`,
      'have the release use the instance that takes writes',
    )
  if (!serving.test(status))
    return refused(`${name} is ${status}`, 'wait until it is available, or look in the RDS console what is the matter')
  return {
    ...check,
    outcome: 'ok',
    message: `${name}, ${Engine} ${EngineVersion}, in ${region} of account ${accountOf(arn)}`,
  }
}
