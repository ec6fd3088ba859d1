import type { GlobalSecondaryIndexUpdate, UpdateTableInput } from '@aws-sdk/client-dynamodb'
import { streamLabel } from '../service/clock.ts'
import { describeTable } from './describe-table.ts'
import { AwsError, invalid, limitExceeded, resourceNotFound } from '../service/errors.ts'
import { tableOf, type Context } from '../service/service.ts'
import type { Index, Table } from './table.ts'

function indexNamed(table: Table, name: string | undefined): Index {
  const index = table.globals.find(({ definition }) => definition.IndexName === name)
  if (index === undefined) throw resourceNotFound(`${table.name} index: ${name ?? ''}`)
  return index
}

function updateIndex(
  table: Table,
  input: UpdateTableInput,
  change: GlobalSecondaryIndexUpdate,
  { service, region }: Context,
): void {
  if (change.Update !== undefined) {
    const { definition } = indexNamed(table, change.Update.IndexName)
    if (change.Update.ProvisionedThroughput !== undefined)
      definition.ProvisionedThroughput = change.Update.ProvisionedThroughput
    if (change.Update.OnDemandThroughput !== undefined) definition.OnDemandThroughput = change.Update.OnDemandThroughput
    return
  }
  const name = change.Create?.IndexName ?? change.Delete?.IndexName ?? ''
  const stored = async () => {
    const { IndexName, KeySchema, Projection } = change.Create ?? {}
    const asked = change.Create === undefined ? change : { Create: { IndexName, KeySchema, Projection } }
    await service.emulator.call(region, 'UpdateTable', {
      TableName: table.name,
      AttributeDefinitions: input.AttributeDefinitions,
      GlobalSecondaryIndexUpdates: [asked],
    })
  }
  if (change.Create !== undefined) {
    if (table.globals.some(({ definition }) => definition.IndexName === name))
      throw invalid(
        `One or more parameter values were invalid: Attempting to create an index which already exists: ${name}`,
      )
    if (table.billing === 'PROVISIONED' && change.Create.ProvisionedThroughput === undefined) {
      throw invalid(
        'One or more parameter values were invalid: ProvisionedThroughput should be specified for index when ' +
          'BillingMode is PROVISIONED',
      )
    }
    for (const attribute of input.AttributeDefinitions ?? []) {
      if (!table.attributes.some((known) => known.AttributeName === attribute.AttributeName))
        table.attributes.push(attribute)
    }
    const index: Index = { definition: { ...change.Create }, status: 'CREATING' }
    table.globals.push(index)
    service.timers.background(['createIndex', `${table.name} ${name}`], stored, () => (index.status = 'ACTIVE'))
    return
  }
  const index = indexNamed(table, name)
  index.status = 'DELETING'
  service.timers.background(['deleteIndex', `${table.name} ${name}`], stored, () => {
    table.globals = table.globals.filter((each) => each !== index)
    const used = new Set(
      [
        table.keys,
        ...table.locals.map((local) => local.KeySchema ?? []),
        ...table.globals.map(({ definition }) => definition.KeySchema ?? []),
      ]
        .flat()
        .map((key) => key.AttributeName),
    )
    table.attributes = table.attributes.filter((attribute) => used.has(attribute.AttributeName))
  })
}

function updateStream(table: Table, stream: NonNullable<UpdateTableInput['StreamSpecification']>, nowMs: number): void {
  if (stream.StreamEnabled === true && table.stream !== undefined) throw invalid('Table already has an enabled stream')
  if (stream.StreamEnabled !== true && table.stream === undefined) throw invalid('Table has no stream to disable')
  table.stream = stream.StreamEnabled === true ? { ...stream, label: streamLabel(nowMs) } : undefined
}

/** UpdateTable: refuses what changes nothing, and more than one index at once, as the real one does. */
export function updateTable(input: UpdateTableInput, context: Context): object {
  const { service, region } = context
  const table = tableOf(region, input.TableName)
  if (table.status !== 'ACTIVE')
    throw new AwsError(
      'ResourceInUseException',
      `Attempt to change a resource which is still in use: Table is being ${table.status.toLowerCase()}: ${table.name}`,
    )
  const changes = input.GlobalSecondaryIndexUpdates ?? []
  const online = changes.filter((change) => change.Update === undefined).length
  if (online > 1 || (online > 0 && table.globals.some((index) => index.status !== 'ACTIVE'))) {
    throw limitExceeded('Only 1 online index can be created or deleted simultaneously per table')
  }
  const settings = Object.keys(input).filter((name) => name !== 'TableName' && name !== 'AttributeDefinitions')
  if (settings.length === 0)
    throw invalid(
      'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, ' +
        'GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required',
    )
  if (
    input.BillingMode === 'PROVISIONED' &&
    table.billing !== 'PROVISIONED' &&
    input.ProvisionedThroughput === undefined
  ) {
    throw invalid(
      'One or more parameter values were invalid: ProvisionedThroughput must be specified when BillingMode is ' +
        'PROVISIONED',
    )
  }
  if (input.BillingMode === 'PROVISIONED' && table.billing !== 'PROVISIONED') {
    const told = new Set(
      changes.flatMap(({ Update: update }) =>
        update?.ProvisionedThroughput === undefined ? [] : [update.IndexName ?? ''],
      ),
    )
    const untold = table.globals.find(({ definition }) => !told.has(definition.IndexName ?? ''))
    if (untold !== undefined)
      throw invalid(
        'One or more parameter values were invalid: ProvisionedThroughput must be specified for index: ' +
          `${untold.definition.IndexName}`,
      )
  }
  const { ProvisionedThroughput: asked } = input
  if (asked !== undefined) {
    if ((input.BillingMode ?? table.billing) === 'PAY_PER_REQUEST')
      throw invalid(
        'One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be ' +
          'specified when BillingMode is PAY_PER_REQUEST',
      )
    const same =
      asked.ReadCapacityUnits === table.throughput?.ReadCapacityUnits &&
      asked.WriteCapacityUnits === table.throughput?.WriteCapacityUnits
    if (same && settings.length === 1 && table.billing === 'PROVISIONED') {
      throw invalid(
        'The provisioned throughput for the table will not change. The requested value equals the current value. ' +
          `Current ReadCapacityUnits provisioned for the table: ${asked.ReadCapacityUnits}. ` +
          `Requested ReadCapacityUnits: ${asked.ReadCapacityUnits}.`,
      )
    }
  }
  service.checkTableOperations(region, {})
  if (input.StreamSpecification !== undefined) updateStream(table, input.StreamSpecification, service.clock.now())
  for (const change of changes) updateIndex(table, input, change, context)
  if (input.BillingMode !== undefined) table.billing = input.BillingMode
  if (asked !== undefined) table.throughput = asked
  if (table.billing === 'PAY_PER_REQUEST') {
    table.throughput = undefined
    for (const { definition } of table.globals) delete definition.ProvisionedThroughput
  }
  if (input.OnDemandThroughput !== undefined) table.onDemand = input.OnDemandThroughput
  if (input.SSESpecification !== undefined) table.encryption = input.SSESpecification
  if (input.TableClass !== undefined) table.class = input.TableClass
  if (input.DeletionProtectionEnabled !== undefined) table.protected = input.DeletionProtectionEnabled
  table.status = 'UPDATING'
  service.timers.background(
    ['updateTable', table.name],
    () => Promise.resolve(),
    () => (table.status = 'ACTIVE'),
  )
  return { TableDescription: describeTable(table, region) }
}
