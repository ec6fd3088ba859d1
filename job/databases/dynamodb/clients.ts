import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling'
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import type { Access } from './access.ts'
import { guardedCall } from '../../aws/guarded-call.ts'
import { patientCredentials, patientRetries, type Patience } from '../../aws/sdk-retries.ts'

/**
 * What an operation asks of AWS. Calls made with them outlast throttling, failing servers, lost answers, and
 * credentials that have expired or are not given for a while.
 */
export interface Clients {
  dynamo: DynamoDBClient
  autoscaling: ApplicationAutoScalingClient
  close(): void
}

/** How long one attempt may take, ms; DynamoDB answers within milliseconds. */
const connectMs = 5_000
const answerMs = 30_000

/**
 * Opens the clients of one region; nothing is connected yet. The endpoint is DynamoDB's alone: Auto Scaling is asked
 * where the SDK finds it, by region or by `AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING`.
 * @param patience how long a call is tried again, and the signal that ends all of them
 */
export function openClients(
  access: Pick<Access, 'region' | 'endpoint'> & { credentials: DynamoDBClientConfig['credentials'] },
  patience: Patience,
): Clients {
  const config = {
    region: access.region,
    ...(access.credentials === undefined ? {} : { credentials: access.credentials }),
    requestHandler: { connectionTimeout: connectMs, requestTimeout: answerMs, throwOnRequestTimeout: true },
  }
  const dynamo = new DynamoDBClient({
    ...config,
    retryStrategy: patientRetries(patience),
    ...(access.endpoint === undefined ? {} : { endpoint: access.endpoint }),
  })
  const autoscaling = new ApplicationAutoScalingClient({ ...config, retryStrategy: patientRetries(patience) })
  dynamo.config.credentials = patientCredentials(dynamo.config.credentials, patience)
  autoscaling.config.credentials = patientCredentials(autoscaling.config.credentials, patience)
  const outermost = { step: 'initialize', priority: 'high', name: 'freshCredentials' } as const
  dynamo.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        guardedCall(patience, dynamo.config.credentials, commandName, () => next(args)),
    outermost,
  )
  autoscaling.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        guardedCall(patience, autoscaling.config.credentials, commandName, () => next(args)),
    outermost,
  )
  return {
    dynamo,
    autoscaling,
    close() {
      dynamo.destroy()
      autoscaling.destroy()
    },
  }
}
