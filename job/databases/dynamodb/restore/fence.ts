import {
  DeleteResourcePolicyCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import type { Finding } from '../../../../operation/finding.ts'
import { onceAllowed } from '../../../aws/polling.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import type { BackedUpTable } from '../details.ts'
import { lookAtTable } from '../tables/look-at-table.ts'
import { missingOf } from './check-rights.ts'
import { forEachTable, isOwnTable, type RestoreWork } from './restore-work.ts'

/** The name of a fence's statement, by which it is found again in a policy that has others. */
const sid = 'kubectlScalardlFence'

/**
 * Every call that reads or writes items; calls on the table itself stay allowed, or nobody could take the fence away.
 */
const itemActions = [
  'BatchGetItem',
  'BatchWriteItem',
  'ConditionCheckItem',
  'DeleteItem',
  'GetItem',
  'PartiQLDelete',
  'PartiQLInsert',
  'PartiQLSelect',
  'PartiQLUpdate',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
].map((action) => `dynamodb:${action}`)

/**
 * Denies everybody the items of the tables that were in service before a restore, by a statement in their resource
 * policies (DynamoDB: resource-based policies; IAM: policy evaluation, where an explicit denial wins over whatever
 * allows). Who still uses them shows, and loses nothing yet.
 */
export async function fenceFormerTables(work: RestoreWork): Promise<void> {
  const { dynamo } = work.regions.source
  await forEachTable(formerTables(work), work.context.signal, async (table, signal) => {
    if (!(await isThere(dynamo, table))) return
    await onceAllowed(async () => {
      const policy = await readPolicy(dynamo, table.arn)
      if (!isFenced(policy)) await writePolicy(dynamo, table.arn, [...policy.statements, fence(table.arn)], policy)
    }, signal)
  })
}

/**
 * Whether the tables may be fenced. AWS has no dry run, so each call is made on a revision of a policy that there is
 * not: it is refused in any case, for want of the right or for that (DynamoDB: PutResourcePolicy, ExpectedRevisionId).
 */
export async function checkFence(work: RestoreWork): Promise<Finding[]> {
  const { dynamo } = work.regions.source
  const check = { check: 'rights to fence the former tables', subject: work.title }
  for (const table of formerTables(work)) {
    if (!(await isThere(dynamo, table))) continue
    const which = { ResourceArn: table.arn, ExpectedRevisionId: 'no-revision' }
    const missing = await missingOf([
      ['dynamodb:GetResourcePolicy', () => readPolicy(dynamo, table.arn)],
      [
        'dynamodb:PutResourcePolicy',
        () =>
          dynamo.send(
            new PutResourcePolicyCommand({
              ...which,
              Policy: policyText([fence(table.arn)], { Version: '2012-10-17' }),
            }),
          ),
      ],
      ['dynamodb:DeleteResourcePolicy', () => dynamo.send(new DeleteResourcePolicyCommand(which))],
    ])
    if (missing.length === 0)
      return [{ ...check, outcome: 'ok', message: 'nobody can use them before they are deleted' }]
    return [
      {
        ...check,
        outcome: 'error',
        message: missing.map(({ why }) => why).join('; '),
        cure:
          `allow ${missing.map(({ action }) => action).join(', ')} in the IAM policy of the role or user, ` +
          'or give others by --database-secret',
      },
    ]
  }
  return []
}

/** Takes those statements away again, where the tables are still there; not stopped by the signal. */
export async function liftFence(work: RestoreWork): Promise<void> {
  const { dynamo } = work.lasting.source
  await forEachTable(formerTables(work), new AbortController().signal, async (table, signal) => {
    if (!(await isThere(dynamo, table))) return
    await onceAllowed(async () => {
      const policy = await readPolicy(dynamo, table.arn)
      if (isFenced(policy)) await writePolicy(dynamo, table.arn, policy.statements.filter(isNoFence), policy)
    }, signal)
  })
}

interface Statement {
  Sid?: string
  [member: string]: unknown
}

/** A resource policy, taken apart; without statements where there is none. */
interface Policy {
  statements: Statement[]
  others: Record<string, unknown>
}

async function readPolicy(client: DynamoDBClient, arn: string): Promise<Policy> {
  try {
    const { Policy: text = '{}' } = await client.send(new GetResourcePolicyCommand({ ResourceArn: arn }))
    const { Statement: some = [], ...others } = JSON.parse(text) as { Statement?: Statement | Statement[] }
    return { statements: [some].flat(), others }
  } catch (error) {
    if (nameOf(error) === 'PolicyNotFoundException') return { statements: [], others: { Version: '2012-10-17' } }
    throw error
  }
}

async function writePolicy(
  client: DynamoDBClient,
  arn: string,
  statements: readonly Statement[],
  { others }: Policy,
): Promise<void> {
  if (statements.length === 0) await client.send(new DeleteResourcePolicyCommand({ ResourceArn: arn }))
  else {
    await client.send(new PutResourcePolicyCommand({ ResourceArn: arn, Policy: policyText(statements, others) }))
  }
}

function policyText(statements: readonly Statement[], others: Policy['others']): string {
  return JSON.stringify({ ...others, Statement: statements })
}

function fence(arn: string): Statement {
  return { Sid: sid, Effect: 'Deny', Principal: '*', Action: itemActions, Resource: [arn, `${arn}/index/*`] }
}

function isFenced({ statements }: Policy): boolean {
  return !statements.every(isNoFence)
}

function isNoFence({ Sid }: Statement): boolean {
  return Sid !== sid
}

function formerTables({ details }: RestoreWork): BackedUpTable[] {
  return details.tables.filter(({ name }) => !isOwnTable(details, name))
}

async function isThere(client: DynamoDBClient, { name, id }: BackedUpTable): Promise<boolean> {
  const found = await lookAtTable(client, name)
  return found?.TableId === id && found.TableStatus !== 'DELETING'
}
