// Room: AWS's own clients against the stand-in, and what tests make there with them.
// Read clients, instances, clusters.

import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling'
import { DynamoDB, type CreateTableInput } from '@aws-sdk/client-dynamodb'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { startAws, type Aws } from '../../../stand-ins/aws/aws.ts'
import type { AwsChanges } from '../../../stand-ins/aws/settings.ts'

interface Server {
  endpoint: string
  /** absent where one endpoint serves all */
  autoscalingEndpoint?: string
}

const settings = (endpoint: string, region: string, attempts: number) => ({
  endpoint,
  region,
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
  maxAttempts: attempts,
})

/** AWS's own client; it makes one attempt unless told otherwise, so that a test sees every answer. */
export const dynamodbClient = (server: Server, region = 'eu-west-1', attempts = 1): DynamoDB =>
  new DynamoDB(settings(region === 'eu-west-1' ? server.endpoint : `${server.endpoint}/${region}`, region, attempts))

export const autoscalingClient = (server: Server, region = 'eu-west-1'): ApplicationAutoScaling =>
  new ApplicationAutoScaling(settings(server.autoscalingEndpoint ?? server.endpoint, region, 1))

/** The stand-in with a client of either service, all ended with the test. */
export async function openAws(
  t: Pick<Test, 'teardown'>,
  settings: AwsChanges = {},
): Promise<{ aws: Aws; client: DynamoDB; autoscaling: ApplicationAutoScaling }> {
  const aws = await startAws({ settings })
  const client = dynamodbClient(aws)
  const autoscaling = autoscalingClient(aws)
  t.teardown(async () => {
    client.destroy()
    autoscaling.destroy()
    await aws.stop()
  })
  return { aws, client, autoscaling }
}

/** Asks until it is so, every 10 ms for at most 120 s. */
export async function until(what: string, so: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 120_000
  while (!(await so())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
    await sleep(10)
  }
}

export const active = (client: DynamoDB, TableName: string): Promise<void> =>
  until(
    `${TableName} is ACTIVE`,
    async () => (await client.describeTable({ TableName })).Table?.TableStatus === 'ACTIVE',
  )

export const gone = (client: DynamoDB, TableName: string): Promise<void> =>
  until(`${TableName} is gone`, () =>
    client.describeTable({ TableName }).then(
      () => false,
      (error: Error) => error.name === 'ResourceNotFoundException',
    ),
  )

export const available = (client: DynamoDB, BackupArn: string | undefined): Promise<void> =>
  until(
    'the backup is AVAILABLE',
    async () =>
      (await client.describeBackup({ BackupArn })).BackupDescription?.BackupDetails?.BackupStatus === 'AVAILABLE',
  )

/** A table with the key `id`, ACTIVE. */
export async function createTable(
  client: DynamoDB,
  TableName: string,
  more: Partial<CreateTableInput> = {},
): Promise<void> {
  await client.createTable({
    TableName,
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
    ...more,
  })
  await active(client, TableName)
}

/** A table with point-in-time recovery on. */
export async function createRecoverable(
  client: DynamoDB,
  TableName: string,
  more: Partial<CreateTableInput> = {},
): Promise<void> {
  await createTable(client, TableName, more)
  await client.updateContinuousBackups({
    TableName,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  })
}

export const put = (client: DynamoDB, TableName: string, id: string, value: string) =>
  client.putItem({ TableName, Item: { id: { S: id }, value: { S: value } } })

/** All items as `id=value`, sorted. */
export async function contents(client: DynamoDB, TableName: string): Promise<string[]> {
  const { Items = [] } = await client.scan({ TableName, ConsistentRead: true })
  return Items.map((item) => `${item['id']?.S}=${item['value']?.S ?? item['value']?.N}`).sort()
}

/** Name of the error that a call ends with. */
export const errorName = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: Error) => error.name,
  )
