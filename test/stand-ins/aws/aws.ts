// Room: what ScalarDL uses of AWS, over Amazon's DynamoDB Local, and as unkind as the service.
// Read README.md, aws, server, then the room of the call in question.

import { once } from 'node:events'
import { Calls, type Call } from './calls.ts'
import { controlPath } from './control.ts'
import { startDynamodbLocal, ensureDynamodbLocal, type DynamodbLocal } from './dynamodb-local.ts'
import { Emulator } from './items/emulator.ts'
import { awsServer, type ServerOptions } from './server.ts'
import { stsPath } from './service/sts.ts'
import { Service } from './service/service.ts'
import { changed, settingsSchema, type AwsChanges, type AwsSettings } from './settings.ts'

export interface AwsOptions {
  /** 0 gives a free one */
  port?: number
  host?: string
  settings?: AwsChanges
  /** where DynamoDB Local lies, in place of the cache */
  dynamodbLocal?: string
}

/** A running DynamoDB and Application Auto Scaling of all regions, and STS. */
export interface Aws {
  /** of DynamoDB in its home region; further regions are at `<endpoint>/<region>` */
  endpoint: string
  autoscalingEndpoint: string
  stsEndpoint: string
  port: number
  readonly settings: AwsSettings
  /** changes settings from now on; groups (phases, limits) are merged, faults begin to count anew */
  set(changes: AwsChanges): void
  /** ms by the service's clock */
  now(): number
  /** the calls answered so far, oldest first */
  calls(): readonly Call[]
  forgetCalls(): void
  /** ends it; what was in it is gone. @throws Error where something went wrong inside the stand-in itself */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
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
export function endpointsAt(url: string): Pick<Aws, 'endpoint' | 'autoscalingEndpoint' | 'stsEndpoint'> {
  return { endpoint: url, autoscalingEndpoint: `${url}/application-autoscaling`, stsEndpoint: `${url}/sts` }
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
}: AwsOptions = {}): Promise<Aws> {
  const storage = await openStorage(dynamodbLocal)
  const service = new Service(new Emulator(storage.endpoint), changed(settingsSchema.parse({}), settings))
  const calls = new Calls()
  const set = (changes: AwsChanges) => {
    const next = changed(service.settings, changes)
    // What is not set anew goes on counting.
    service.settings = changes.faults === undefined ? { ...next, faults: service.settings.faults } : next
  }
  const [control, sts] = [controlPath({ service, calls, set }), stsPath({ service, calls })]
  const besides: ServerOptions['besides'] = async (...all) => (await control(...all)) || (await sts(...all))
  const server = awsServer({ service, calls, besides })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the stand-in has no port')

  let stopping: Promise<void> | undefined
  const end = async () => {
    await service.stop()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    await storage.stop()
    if (service.problems.length > 0)
      throw new AggregateError(
        service.problems,
        `the stand-in of AWS failed: ${service.problems.map(String).join('; ')}`,
      )
  }
  const stop = () => (stopping ??= end())
  return {
    ...endpointsAt(`http://127.0.0.1:${address.port}`),
    port: address.port,
    get settings() {
      return service.settings
    },
    set,
    now: () => service.clock.now(),
    calls: () => calls.all,
    forgetCalls: () => calls.forget(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
