import { AwsError } from './errors.ts'
import { matches } from '../../cloud/glob.ts'
import { tableName } from './service.ts'
import type { Caller } from './authentication.ts'
import type { AwsSettings, Policy } from '../settings.ts'

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

/** One right that a call needs. */
export interface Right {
  action: string
  tables: readonly string[]
  /** as policies name them; * where the action is of no single one */
  resources: readonly string[]
}

/** Actions of no single resource (Service Authorization Reference: those without a type of resource). */
const ofNoResource = /^application-autoscaling:|^dynamodb:List(Tables|Backups)$/

/**
 * @param keyOf the key that encrypts a table, by its name, or a backup, by its ARN: ARN; undefined where it has none
 */
export function rightsOf(
  service: 'dynamodb' | 'application-autoscaling',
  operation: string,
  input: Record<string, unknown>,
  { account, region }: Pick<Caller, 'account' | 'region'>,
  keyOf: (source: string) => string | undefined,
): Right[] {
  const action = `${service}:${operation}`
  const arnOf = (table: string) => `arn:aws:dynamodb:${region}:${account}:table/${table}`
  const target = tablesNamed(input)
  const { BackupArn: backup, IndexName: index } = input
  const named = target.map((table) => (typeof index === 'string' ? `${arnOf(table)}/index/${index}` : arnOf(table)))
  const resources = ofNoResource.test(action) ? ['*'] : typeof backup === 'string' ? [backup] : named
  const needed: Right[] = [{ action, tables: target, resources }]
  if (!operation.startsWith('Restore')) return needed
  for (const one of restoreActions) needed.push({ action: `dynamodb:${one}`, tables: target, resources: named })
  const source = input['SourceTableArn'] ?? input['SourceTableName'] ?? backup
  if (typeof source !== 'string') return needed
  const tables = [tableName(source)]
  needed.push({ action, tables, resources: [typeof backup === 'string' ? backup : arnOf(tableName(source))] })
  // Those on the key of an encrypted table too: that they come before the look at the target's name is assumed.
  const key = keyOf(typeof backup === 'string' ? backup : tableName(source))
  return key === undefined ? needed : [...needed, { action: 'kms:CreateGrant', tables, resources: [key] }]
}

/** @throws AwsError AccessDeniedException where a right is denied, or the caller has policies and none gives it */
export function authorize(rights: readonly Right[], caller: Caller, settings: AwsSettings): void {
  const refused = (action: string, resource: string) =>
    new AwsError(
      'AccessDeniedException',
      `User: arn:aws:iam::${caller.account}:user/${caller.accessKey.toLowerCase()} is not authorized to ` +
        `perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
    )
  for (const { action, tables, resources } of rights) {
    for (const denial of settings.denied) {
      if (!matches(denial.action, action)) continue
      const denied = denial.table === '*' ? (tables[0] ?? '*') : tables.find((table) => matches(denial.table, table))
      if (denied === undefined) continue
      throw refused(action, `arn:aws:dynamodb:${caller.region}:${caller.account}:table/${denied}`)
    }
    const beyond = resources.find((resource) => caller.policies?.some((one) => gives(one, action, resource)) === false)
    if (beyond !== undefined) throw refused(action, beyond)
  }
}

/** Whether a policy allows an action on a resource (IAM: policy evaluation; conditions and denials are not known). */
function gives({ Statement }: Policy, action: string, resource: string): boolean {
  return Statement.some(
    ({ Action, Resource }) => Action.some((one) => matches(one, action)) && matches(Resource, resource),
  )
}
