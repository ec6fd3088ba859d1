import type { V1PodList } from '@kubernetes/client-node'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Test } from 'tap'
import { workerRole, type RdsStage } from './rds-stage.ts'

const policies = resolve(import.meta.dirname, '../../../../docs/platforms/policies')

function actionsOf(file: string): string[] {
  const text = readFileSync(resolve(policies, file), 'utf8')
  const { Statement } = JSON.parse(text) as { Statement: { Action: string | string[] }[] }
  return Statement.flatMap(({ Action }) => Action)
}

/**
 * That every worker came by its own projected token, and did nothing outside of the policies.
 * @param files of the policies in the documentation
 * @returns what the workers did, as actions of RDS
 */
export async function keptToRights(t: Test, { stage, calls }: RdsStage, files: readonly string[]): Promise<string[]> {
  const all = await calls()
  const taken = all.filter(({ operation }) => operation === 'AssumeRoleWithWebIdentity')
  t.ok(taken.length > 0)
  t.strictSame(
    [...new Set(taken.map(({ status, input }) => `${status} ${String(input?.['RoleArn'])}`))],
    [`200 ${workerRole}`],
  )
  const allowed = files.flatMap(actionsOf)
  const worker = all.filter(({ accessKey }) => accessKey.startsWith('ASIA'))
  const done = [...new Set(worker.map(({ operation }) => `rds:${operation}`))]
  t.strictSame(
    done.filter((action) => !allowed.includes(action)),
    [],
  )
  const { items } = await stage.get<V1PodList>(['pods', '-l', 'kubectl-scalardl.dev/role=worker'])
  t.ok(items.length > 0)
  for (const { spec } of items) t.match(spec?.volumes?.slice(-2), [{ name: 'aws-iam-token' }, { name: 'cloud-trust' }])
  return done
}
