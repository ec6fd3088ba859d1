import { RDSClient, type RDSClientConfig } from '@aws-sdk/client-rds'
import { guardedCall } from '../../aws/guarded-call.ts'
import { patientCredentials, patientRetries, type Patience } from '../../aws/sdk-retries.ts'

/** How long one attempt may take, ms. */
const connectMs = 5_000
const answerMs = 30_000

/**
 * Opens the client of one region; nothing is connected yet. The rights are those of the pod: user and password in the
 * properties are the database's own. Calls outlast throttling, failing servers, lost answers, and credentials that have
 * expired.
 */
export function openClient(region: string, patience: Patience): RDSClient {
  const client = new RDSClient({
    region,
    retryStrategy: patientRetries(patience) as NonNullable<RDSClientConfig['retryStrategy']>,
    requestHandler: { connectionTimeout: connectMs, requestTimeout: answerMs, throwOnRequestTimeout: true },
  })
  client.config.credentials = patientCredentials(client.config.credentials, patience)
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) =>
        guardedCall(patience, client.config.credentials, commandName, () => next(args)),
    { step: 'initialize', priority: 'high', name: 'freshCredentials' },
  )
  return client
}
