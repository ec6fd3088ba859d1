import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling'
import { DynamoDB, type CreateTableInput } from '@aws-sdk/client-dynamodb'
import { setTimeout as sleep } from 'node:timers/promises'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import type { TrialContext } from '../database-conformance.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import { noStorage } from '../../../../../job/storage/none.ts'
import type { WorkerEvent } from '../../../../../operation/event.ts'
import type { Aws } from '../../../../stand-ins/aws/aws.ts'

export const region = 'eu-west-1'
export const accessKey = 'AKIDOFTHERELEASE'
export const secretKey = 'the-secret-key-of-the-release'

const autoscaled = 'asset'

/** ScalarDB's tables with everything that can be set of one, as a schema loader and an administrator leave them. */
export interface Installation {
  client: DynamoDB
  autoscaling: ApplicationAutoScaling
  prefix: string
  /** physical names */
  tables: string[]
  settings: StorageSettings[]
  /** changes items of every table of the user's */
  write(): Promise<void>
  close(): void
}

/** What a release's properties say of its DynamoDB. */
export function settingsFor(
  aws: Pick<Aws, 'endpoint'>,
  prefix: string,
  overrides: Partial<StorageSettings> = {},
  properties: Record<string, string> = {},
): StorageSettings {
  const own: Record<string, string> = {
    'dynamo.endpoint_override': aws.endpoint,
    ...(prefix === '' ? {} : { 'dynamo.namespace.prefix': prefix }),
    username: overrides.username ?? accessKey,
    password: overrides.password ?? secretKey,
    ...properties,
  }
  return {
    storage: 'ledger/default',
    kind: 'dynamo',
    contactPoints: region,
    contactPort: undefined,
    username: accessKey,
    password: secretKey,
    releaseUsername: accessKey,
    // the stand-in is no endpoint of AWS
    secretHosts: ['127.0.0.1', 'localhost', 'x'],
    namespaces: undefined,
    property: (name) => own[name],
    ...overrides,
  }
}

/** A context of an operation, and the events that it said. */
export function contextOf(
  operation: string,
  overrides: Partial<TrialContext> = {},
): TrialContext & { said: WorkerEvent[] } {
  const said: WorkerEvent[] = []
  const events = jsonLineEvents((line) => said.push(JSON.parse(line) as WorkerEvent))
  return {
    storage: noStorage(),
    operation,
    events,
    said,
    parallel: 2,
    schemas: [],
    signal: new AbortController().signal,
    ...overrides,
  }
}

/**
 * Lets what this process asks of AWS beside the release's own endpoint go to the stand-in, as interface endpoints
 * without names of their own are given to a worker.
 */
export function pointTo({ autoscalingEndpoint, stsEndpoint }: Pick<Aws, 'autoscalingEndpoint' | 'stsEndpoint'>): void {
  process.env['AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING'] = autoscalingEndpoint
  process.env['AWS_ENDPOINT_URL_STS'] = stsEndpoint
}

/** Creates the tables of an installation, with rows in them and point-in-time recovery on. */
export async function createInstallation(
  aws: Pick<Aws, 'endpoint' | 'autoscalingEndpoint' | 'stsEndpoint'>,
  prefix = '',
  key = { username: accessKey, password: secretKey },
): Promise<Installation> {
  pointTo(aws)
  const config = {
    region,
    credentials: { accessKeyId: key.username, secretAccessKey: key.password },
    maxAttempts: 3,
  }
  const client = new DynamoDB({ ...config, endpoint: aws.endpoint })
  const autoscaling = new ApplicationAutoScaling({ ...config, endpoint: aws.autoscalingEndpoint })
  const of = (namespace: string, table: string) => `${prefix}${namespace}.${table}`
  const asset = of('scalar', autoscaled)
  const users = [asset, of('scalar', 'contract'), of('coordinator', 'state')]
  const tables = [...users, of('scalardb', 'metadata'), of('scalardb', 'namespaces')].sort()

  await create(client, of('scalardb', 'metadata'), {
    AttributeDefinitions: [{ AttributeName: 'table', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'table', KeyType: 'HASH' }],
  })
  await create(client, of('scalardb', 'namespaces'), {
    AttributeDefinitions: [{ AttributeName: 'namespace_name', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'namespace_name', KeyType: 'HASH' }],
  })
  await create(client, of('scalar', 'contract'), {
    DeletionProtectionEnabled: true,
    TableClass: 'STANDARD_INFREQUENT_ACCESS',
  })
  await create(client, of('coordinator', 'state'), {
    BillingMode: 'PAY_PER_REQUEST',
    OnDemandThroughput: { MaxReadRequestUnits: 500, MaxWriteRequestUnits: 200 },
  })
  await create(client, asset, {
    AttributeDefinitions: [
      { AttributeName: 'concatenatedPartitionKey', AttributeType: 'B' },
      { AttributeName: 'concatenatedClusteringKey', AttributeType: 'B' },
      { AttributeName: 'owner', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'concatenatedPartitionKey', KeyType: 'HASH' },
      { AttributeName: 'concatenatedClusteringKey', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: `${asset}.global_index.owner`,
        KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
        ProvisionedThroughput: { ReadCapacityUnits: 7, WriteCapacityUnits: 8 },
      },
    ],
    Tags: [
      { Key: 'team', Value: 'ledger' },
      { Key: 'cost', Value: '42' },
    ],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    SSESpecification: {
      Enabled: true,
      SSEType: 'KMS',
      KMSMasterKeyId: 'arn:aws:kms:eu-west-1:123456789012:key/of-the-ledger',
    },
  })
  await client.updateTimeToLive({
    TableName: asset,
    TimeToLiveSpecification: { Enabled: true, AttributeName: 'expires' },
  })
  for (const index of [undefined, `${asset}.global_index.owner`]) await scale(autoscaling, asset, index)
  for (const table of tables)
    await client.updateContinuousBackups({
      TableName: table,
      PointInTimeRecoverySpecification: {
        PointInTimeRecoveryEnabled: true,
        RecoveryPeriodInDays: table === asset ? 20 : 35,
      },
    })

  for (const table of users)
    await client.putItem({
      TableName: of('scalardb', 'metadata'),
      Item: { table: { S: table }, partitionKey: { L: [{ S: 'id' }] }, columns: { M: { id: { S: 'text' } } } },
    })
  for (const namespace of ['scalar', 'coordinator', 'scalardb'])
    await client.putItem({
      TableName: of('scalardb', 'namespaces'),
      Item: { namespace_name: { S: `${prefix}${namespace}` } },
    })
  let written = 0
  const write = async (): Promise<void> => {
    written += 1
    for (const table of users) {
      const key = {
        concatenatedPartitionKey: { B: Buffer.from(`item ${written}`) },
        ...(table === asset
          ? { concatenatedClusteringKey: { B: Buffer.from([written]) }, owner: { S: 'somebody' } }
          : {}),
      }
      await client.putItem({ TableName: table, Item: { ...key, value: { N: String(written) } } })
    }
  }
  await write()
  return {
    client,
    autoscaling,
    prefix,
    tables,
    settings: [settingsFor(aws, prefix, key)],
    write,
    close() {
      client.destroy()
      autoscaling.destroy()
    },
  }
}

async function create(client: DynamoDB, table: string, more: Partial<CreateTableInput>): Promise<void> {
  await client.createTable({
    TableName: table,
    AttributeDefinitions: [{ AttributeName: 'concatenatedPartitionKey', AttributeType: 'B' }],
    KeySchema: [{ AttributeName: 'concatenatedPartitionKey', KeyType: 'HASH' }],
    ...(more.BillingMode === undefined
      ? { ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 6 } }
      : {}),
    ...more,
  })
  while ((await client.describeTable({ TableName: table })).Table?.TableStatus !== 'ACTIVE') await sleep(10)
}

/** As DynamoAdmin does it. */
async function scale(client: ApplicationAutoScaling, table: string, index: string | undefined): Promise<void> {
  const resource = index === undefined ? `table/${table}` : `table/${table}/index/${index}`
  for (const what of ['Read', 'Write'] as const) {
    const of = {
      ServiceNamespace: 'dynamodb',
      ResourceId: resource,
      ScalableDimension: `dynamodb:${index === undefined ? 'table' : 'index'}:${what}CapacityUnits`,
    } as const
    await client.registerScalableTarget({ ...of, MinCapacity: 5, MaxCapacity: 50 })
    await client.putScalingPolicy({
      ...of,
      PolicyName: `${resource}-${index === undefined ? '' : 'index-'}${what.toLowerCase()}`,
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 70,
        ScaleInCooldown: 60,
        ScaleOutCooldown: 60,
        PredefinedMetricSpecification: {
          PredefinedMetricType:
            what === 'Read' ? 'DynamoDBReadCapacityUtilization' : 'DynamoDBWriteCapacityUtilization',
        },
      },
    })
  }
}
