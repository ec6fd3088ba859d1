import { AwsError } from './errors.ts'
import { matches } from '../../cloud/glob.ts'
import { tableName } from './service.ts'
import type { AwsSettings } from '../settings.ts'

/** What a restore does to its target, beside the restore itself. */
const restoreActions = ['BatchWriteItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'Scan', 'UpdateItem']

/** The tables that a call names: for a restore its target, for a batch all of them. */
export function tablesNamed(input: Record<string, unknown>): string[] {
  const batch = input['RequestItems']
  if (typeof batch === 'object' && batch !== null) return Object.keys(batch).map(tableName)
  const items = input['TransactItems']
  if (Array.isArray(items))
    return items.flatMap((item: object) =>
      Object.values(item).flatMap((each: Record<string, unknown>) => tablesNamed(each)),
    )
  for (const member of ['TargetTableName', 'TableName', 'ResourceArn'])
    if (typeof input[member] === 'string') return [tableName(input[member])]
  if (typeof input['BackupArn'] === 'string') return [tableName(input['BackupArn'])]
  if (typeof input['ResourceId'] === 'string') return [input['ResourceId'].split('/')[1] ?? '']
  return []
}

/**
 * What the tables' own policies deny: an explicit denial wins over whatever allows. Only denials of every principal are
 * known.
 * @throws AwsError AccessDeniedException
 */
export function refuseByPolicies(
  operation: string,
  input: Record<string, unknown>,
  caller: { accessKey: string; account: string },
  policyOf: (table: string) => { arn: string; policy: string | undefined } | undefined,
): void {
  for (const name of tablesNamed(input)) {
    const { arn, policy } = policyOf(name) ?? {}
    if (arn === undefined || policy === undefined) continue
    const resource = typeof input['IndexName'] === 'string' ? `${arn}/index/${input['IndexName']}` : arn
    const { Statement: statements = [] } = JSON.parse(policy) as { Statement?: PolicyStatement[] }
    const denies = statements.some(
      ({ Effect, Principal, Action, Resource }) =>
        Effect === 'Deny' &&
        Principal === '*' &&
        [Action].flat().some((action) => matches(action, `dynamodb:${operation}`)) &&
        [Resource].flat().some((pattern) => matches(pattern, resource)),
    )
    if (!denies) continue
    throw new AwsError(
      'AccessDeniedException',
      `User: arn:aws:iam::${caller.account}:user/${caller.accessKey.toLowerCase()} is not authorized to perform: ` +
        `dynamodb:${operation} on resource: ${resource} with an explicit deny in a resource-based policy`,
    )
  }
}

interface PolicyStatement {
  Effect: string
  Principal: unknown
  Action: string | string[]
  Resource: string | string[]
}

/** @throws AwsError AccessDeniedException where an action that the call needs is denied */
export function authorize(
  service: 'dynamodb' | 'application-autoscaling',
  operation: string,
  input: Record<string, unknown>,
  caller: { accessKey: string; account: string; region: string },
  settings: AwsSettings,
): void {
  const target = tablesNamed(input)
  const needed: { action: string; tables: readonly string[] }[] = [
    { action: `${service}:${operation}`, tables: target },
  ]
  if (operation.startsWith('Restore')) {
    for (const action of restoreActions) needed.push({ action: `dynamodb:${action}`, tables: target })
    const source = input['SourceTableArn'] ?? input['SourceTableName'] ?? input['BackupArn']
    if (typeof source === 'string')
      // Those on the key of an encrypted table too: that they come before the look at the target's name is assumed.
      for (const action of [`${service}:${operation}`, 'kms:CreateGrant'])
        needed.push({ action, tables: [tableName(source)] })
  }
  for (const { action, tables } of needed) {
    for (const denial of settings.denied) {
      if (!matches(denial.action, action)) continue
      const denied = denial.table === '*' ? (tables[0] ?? '*') : tables.find((table) => matches(denial.table, table))
      if (denied === undefined) continue
      throw new AwsError(
        'AccessDeniedException',
        `User: arn:aws:iam::${caller.account}:user/${caller.accessKey.toLowerCase()} is not authorized to ` +
          `perform: ${action} on resource: arn:aws:dynamodb:${caller.region}:${caller.account}:table/${denied} ` +
          `because no identity-based policy allows the ${action} action`,
      )
    }
  }
}
