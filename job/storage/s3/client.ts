import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { Failure } from '../../../operation/failure.ts'
import { formatObjectLocation, type S3Location } from '../../../operation/storage/object-location.ts'
import { patientCredentials, patientRetries, withFreshCredentials } from '../../aws/sdk-retries.ts'
import { readSecret } from '../objects/secret.ts'

const connectMs = 10_000
/** A Secret may be changed while a dump runs; the kubelet brings its files up to date. */
const readAgainMs = 300_000

/**
 * Opens a client; nothing is connected yet. Credentials are those of the Secret, else what the SDK finds in the pod.
 * @param secrets folder with a Secret's keys as files, where the location names one
 */
export function openClient(
  location: S3Location,
  secrets: string | undefined,
  { retryMs, silentMs }: { retryMs: number; silentMs: number },
): S3Client {
  const { options } = location
  const { endpoint } = options
  const config: S3ClientConfig = {
    // Stores of other makers take any.
    ...(options.region === undefined && endpoint === undefined ? {} : { region: options.region ?? 'us-east-1' }),
    ...(endpoint === undefined ? {} : { endpoint }),
    // Other makers' stores seldom have a name for each bucket.
    forcePathStyle: (options['path-style'] ?? (endpoint === undefined ? 'false' : 'true')) === 'true',
    followRegionRedirects: true,
    retryStrategy: patientRetries({ patienceMs: retryMs }) as NonNullable<S3ClientConfig['retryStrategy']>,
    requestHandler: { connectionTimeout: connectMs, socketTimeout: silentMs },
    // Of whole objects alone; ours of every file are in the manifest.
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(secrets === undefined ? {} : { credentials: () => credentialsIn(secrets, formatObjectLocation(location)) }),
  }
  const client = new S3Client(config)
  if (secrets === undefined)
    client.config.credentials = patientCredentials(client.config.credentials, { patienceMs: retryMs })
  const refresh = () => client.config.credentials({ forceRefresh: true })
  // A session token may end, or be revoked, in the midst of an upload.
  client.middlewareStack.add((next) => (args) => withFreshCredentials(refresh, () => next(args)), {
    step: 'initialize',
    name: 'withFreshCredentials',
  })
  return client
}

async function credentialsIn(folder: string, title: string) {
  const keys = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']
  const [accessKeyId, secretAccessKey, sessionToken] = await readSecret(folder, keys)
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Failure({
      what: `the Secret of ${title} cannot be used`,
      why: 'it has no keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      next: 'give it both, and AWS_SESSION_TOKEN where the key is a temporary one',
    })
  }
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    expiration: new Date(Date.now() + readAgainMs),
  }
}
