import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Access } from './access.ts'
import { patientRetries, withFreshCredentials, type Patience } from './patience.ts'

/** What an operation asks of AWS. Calls made with them outlast throttling, failing servers, lost answers and expired credentials. */
export interface Clients {
  dynamo: DynamoDBClient
  autoscaling: ApplicationAutoScalingClient
  close(): void
}

/** How long one attempt may take, ms; DynamoDB answers within milliseconds. */
const connectMs = 5_000
const answerMs = 30_000

/**
 * Opens the clients of one region; nothing is connected yet.
 * @param patience how long a call is tried again, and the signal that ends all of them
 */
export function openClients(access: Pick<Access, 'region' | 'endpoint' | 'credentials'>, patience: Patience): Clients {
  const config = {
    region: access.region,
    retryStrategy: patientRetries(patience),
    ...(access.endpoint === undefined ? {} : { endpoint: access.endpoint }),
    ...(access.credentials === undefined ? {} : { credentials: access.credentials }),
    requestHandler: { connectionTimeout: connectMs, requestTimeout: answerMs, throwOnRequestTimeout: true },
  }
  const dynamo = new DynamoDBClient(config)
  const autoscaling = new ApplicationAutoScalingClient(config)
  const outermost = { step: 'initialize', priority: 'high', name: 'freshCredentials' } as const
  dynamo.middlewareStack.add((next) => (args) => guarded(patience, dynamo.config.credentials, () => next(args)), outermost)
  autoscaling.middlewareStack.add((next) => (args) => guarded(patience, autoscaling.config.credentials, () => next(args)), outermost)
  return {
    dynamo,
    autoscaling,
    close() {
      dynamo.destroy()
      autoscaling.destroy()
    },
  }
}

/** One call; it is let go of with the signal's reason, which the SDK would turn into an error of its own. */
async function guarded<T>({ signal }: Patience, credentials: (options: { forceRefresh: boolean }) => Promise<unknown>, call: () => Promise<T>): Promise<T> {
  const calling = () => withFreshCredentials(() => credentials({ forceRefresh: true }), call)
  if (signal === undefined) return await calling()
  signal.throwIfAborted()
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const end = () => reject(signal.reason)
  signal.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([calling(), ended])
  } finally {
    signal.removeEventListener('abort', end)
  }
}
