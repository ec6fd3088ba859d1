// Room: what ScalarDL uses of AWS, over Amazon's DynamoDB Local, and as unkind as the service.
// Read README.md, aws, server, then the room of the call in question.

import { serve, type StandIn } from '../cloud/serve.ts'
import type { Certificates } from '../ledger/release/certificates.ts'
import type { Call } from './call.ts'
import { startDynamodbLocal, ensureDynamodbLocal, type DynamodbLocal } from './dynamodb-local.ts'
import { Emulator } from './items/emulator.ts'
import type { InstanceServers } from './relational/instance.ts'
import { rdsPathName } from './relational/rds-path.ts'
import { awsAnswers } from './server.ts'
import { Service } from './service/service.ts'
import { changed, settingsSchema, type AwsChanges, type AwsSettings } from './settings.ts'

export interface AwsOptions {
  /** 0 gives a free one */
  port?: number
  host?: string
  settings?: AwsChanges
  /** where DynamoDB Local lies, in place of the cache */
  dynamodbLocal?: string
  /** PEM, of the server; plain HTTP without it */
  certificates?: Omit<Certificates, 'ca'>
  /** of the databases behind DB instances; absent: nobody answers at their endpoints */
  instanceServers?: InstanceServers
}

/** A running DynamoDB, Application Auto Scaling and RDS of all regions, and STS. */
export interface Aws extends StandIn<AwsSettings, AwsChanges, Call> {
  /** of DynamoDB in its home region; further regions are at `<endpoint>/<region>` */
  endpoint: string
  autoscalingEndpoint: string
  stsEndpoint: string
  rdsEndpoint: string
}

/** Names a DynamoDB Local that runs already, for all stand-ins of a run of tests. */
export const dynamodbLocalVariable = 'SCALARDL_TEST_DYNAMODB_LOCAL'

async function openStorage(folder: string | undefined): Promise<DynamodbLocal> {
  const shared = process.env[dynamodbLocalVariable]
  if (shared !== undefined) return { endpoint: shared, stop: async () => undefined }
  return startDynamodbLocal(folder ?? (await ensureDynamodbLocal()))
}

/**
 * What is behind an address that the stand-in is reached at: every service, and every region of DynamoDB, has its own.
 */
export function endpointsAt(
  url: string,
): Pick<Aws, 'endpoint' | 'autoscalingEndpoint' | 'stsEndpoint' | 'rdsEndpoint'> {
  return {
    endpoint: url,
    autoscalingEndpoint: `${url}/application-autoscaling`,
    stsEndpoint: `${url}/sts`,
    rdsEndpoint: `${url}${rdsPathName}`,
  }
}

/**
 * Starts the stand-in; takes about a second. README.md says how it behaves.
 * @throws Error where its item storage does not start
 */
export async function startAws({
  port = 0,
  host = '127.0.0.1',
  settings = {},
  dynamodbLocal,
  certificates,
  instanceServers,
}: AwsOptions = {}): Promise<Aws> {
  const storage = await openStorage(dynamodbLocal)
  const service = new Service(new Emulator(storage.endpoint), changed(settingsSchema.parse({}), settings))
  const standIn = await serve<AwsSettings, AwsChanges, Call>({
    name: 'AWS',
    port,
    host,
    ...(certificates === undefined ? {} : { tls: certificates }),
    timers: service.timers,
    now: () => service.clock.now(),
    changed,
    answer: (calls) => awsAnswers(service, calls, instanceServers),
    release: () => storage.stop(),
  })
  const scheme = certificates === undefined ? 'http' : 'https'
  return Object.assign(standIn, endpointsAt(`${scheme}://127.0.0.1:${standIn.port}`))
}
