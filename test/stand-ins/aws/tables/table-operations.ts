import type {
  CreateTableInput,
  DeleteTableInput,
  DescribeTableInput,
  GlobalSecondaryIndex,
  ListTablesInput,
} from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { makeSystemBackup } from '../recovery/backup-operations.ts'
import { streamLabel } from '../service/clock.ts'
import { describeTable } from './describe-table.ts'
import { AwsError, invalid, resourceNotFound } from '../service/errors.ts'
import { History, type Item } from '../items/history.ts'
import { tableArn, tableName, tableOf, type Context, type Operation } from '../service/service.ts'
import { updateTable } from './update-table.ts'
import { keyNames, newTable, shapeOf, type Table } from './table.ts'

const nameSchema = z.string().regex(/^[a-zA-Z0-9_.-]{3,255}$/)

/** @throws AwsError ValidationException where a table cannot be called that */
export function checkName(name: string | undefined): string {
  const parsed = nameSchema.safeParse(tableName(name))
  if (!parsed.success)
    throw invalid(
      `1 validation error detected: Value '${name}' at 'tableName' failed to satisfy constraint: ` +
        'Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+ and have length 3 to 255',
    )
  return parsed.data
}

function createTable(input: CreateTableInput, context: Context): object {
  const { service, region } = context
  const name = checkName(input.TableName)
  const present = region.tables.get(name)
  if (present !== undefined)
    throw new AwsError(
      'ResourceInUseException',
      present.status === 'ACTIVE'
        ? `Table already exists: ${name}`
        : `Table is being ${present.status === 'DELETING' ? 'deleted' : 'created'}: ${name}`,
    )
  const keys = input.KeySchema ?? []
  const attributes = input.AttributeDefinitions ?? []
  const globals = input.GlobalSecondaryIndexes ?? []
  const locals = input.LocalSecondaryIndexes ?? []
  if (keys.length === 0)
    throw invalid(
      '1 validation error detected: Value at keySchema failed to satisfy constraint: Member must not be null',
    )
  const used = new Set(
    [keys, ...[...globals, ...locals].map((index) => index.KeySchema ?? [])].flat().map((key) => key.AttributeName),
  )
  if (used.size !== attributes.length || attributes.some((attribute) => !used.has(attribute.AttributeName))) {
    throw invalid(
      'One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match ' +
        'number of attributes defined in AttributeDefinitions',
    )
  }
  const billing = input.BillingMode ?? 'PROVISIONED'
  if (billing === 'PROVISIONED' && input.ProvisionedThroughput === undefined) {
    throw invalid(
      'One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be ' +
        'specified when BillingMode is PROVISIONED',
    )
  }
  if (billing === 'PAY_PER_REQUEST' && input.ProvisionedThroughput !== undefined) {
    throw invalid(
      'One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be ' +
        'specified when BillingMode is PAY_PER_REQUEST',
    )
  }
  service.checkTableOperations(region, { table: true, indexes: globals.length + locals.length > 0 })
  const table = newTable(
    name,
    tableArn(region, name),
    service.clock.now(),
    {
      attributes,
      keys,
      locals,
      globals: globals.map((definition: GlobalSecondaryIndex) => ({ definition, status: 'CREATING' })),
      billing,
      throughput: input.ProvisionedThroughput,
      onDemand: input.OnDemandThroughput,
      encryption: input.SSESpecification,
    },
    new History(keyNames(keys)),
  )
  table.class = input.TableClass
  table.protected = input.DeletionProtectionEnabled ?? false
  table.tags = input.Tags ?? []
  if (input.StreamSpecification?.StreamEnabled === true)
    table.stream = { ...input.StreamSpecification, label: streamLabel(service.clock.now()) }
  if (input.ResourcePolicy !== undefined)
    table.policy = { text: input.ResourcePolicy, revision: String(Math.trunc(service.clock.now())) }
  begin(table, context, 'createTable', [])
  return { TableDescription: describeTable(table, region) }
}

/** Lets a table come into being: CREATING until the phase is over and its items are there, when `done` is called. */
export function begin(
  table: Table,
  { service, region }: Context,
  phase: 'createTable' | 'restore',
  items: readonly Item[],
  done: () => void = () => {},
): void {
  region.tables.set(table.name, table)
  service.timers.after(['appearance', table.name], () => (table.appeared = true))
  service.timers.background(
    [phase, table.name],
    () => service.emulator.createTable(region, table.name, shapeOf(table), items),
    () => {
      table.status = 'ACTIVE'
      service.timers.after(['continuousBackups', table.name], () => (table.continuousBackups = true))
      for (const index of table.globals) index.status = 'ACTIVE'
      if (table.restore !== undefined) table.restore.inProgress = false
      done()
    },
  )
}

function deleteTable(input: DeleteTableInput, context: Context): object {
  const { service, region } = context
  const table = tableOf(region, input.TableName)
  if (table.protected)
    throw invalid(
      'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
    )
  if (table.status === 'DELETING') return { TableDescription: describeTable(table, region) }
  if (table.status !== 'ACTIVE' || table.backupsUnderWay > 0) {
    throw new AwsError(
      'ResourceInUseException',
      'Attempt to change a resource which is still in use: ' +
        'Table is being ' +
        `${table.status === 'ACTIVE' ? 'backed up' : table.status === 'CREATING' ? 'created' : 'updated'}: ` +
        `${table.name}`,
    )
  }
  service.checkTableOperations(region, {})
  leaveAfterimage(table, context)
  table.status = 'DELETING'
  if (table.recovery !== undefined) makeSystemBackup(table, context)
  const deleted = async () => {
    await service.emulator.call(region, 'DeleteTable', { TableName: table.name })
  }
  service.timers.background(['deleteTable', table.name], deleted, () => region.tables.delete(table.name))
  return { TableDescription: describeTable(table, region) }
}

/** What is seen of a table that goes, for as long as looks trail what is so. */
function leaveAfterimage(table: Table, { service, region }: Context): void {
  const afterimage = describeTable(table, region)
  region.afterimages.set(table.name, afterimage)
  service.timers.after(['disappearance', table.name], () => {
    if (region.afterimages.get(table.name) === afterimage) region.afterimages.delete(table.name)
  })
}

function describe(input: DescribeTableInput, { region }: Context): object {
  const afterimage = region.afterimages.get(tableName(input.TableName))
  if (afterimage !== undefined) return { Table: afterimage }
  const table = tableOf(region, input.TableName)
  if (!table.appeared) throw resourceNotFound(table.name)
  return { Table: describeTable(table, region) }
}

function listTables(input: ListTablesInput, { region }: Context): object {
  const names = [...region.tables.values()]
    .filter((table) => table.appeared)
    .map((table) => table.name)
    .sort()
  const { ExclusiveStartTableName: after, Limit: limit = 100 } = input
  if (limit < 1 || limit > 100)
    throw invalid(
      `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: ` +
        'Member must have value less than or equal to 100',
    )
  const rest = after === undefined ? names : names.filter((name) => name > after)
  const page = rest.slice(0, limit)
  return { TableNames: page, ...(rest.length > limit && { LastEvaluatedTableName: page.at(-1) }) }
}

export const tableOperations: Record<string, Operation> = {
  CreateTable: createTable,
  DeleteTable: deleteTable,
  DescribeTable: describe,
  ListTables: listTables,
  UpdateTable: updateTable,
  DescribeLimits: () => ({
    AccountMaxReadCapacityUnits: 80_000,
    AccountMaxWriteCapacityUnits: 80_000,
    TableMaxReadCapacityUnits: 40_000,
    TableMaxWriteCapacityUnits: 40_000,
  }),
}
