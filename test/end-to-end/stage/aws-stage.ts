import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { endpointsAt } from '../../stand-ins/aws/aws.ts'
import type { Call } from '../../stand-ins/aws/call.ts'
import { awsPort, awsServer } from '../../stand-ins/aws/objects.ts'
import type { AwsChanges } from '../../stand-ins/aws/settings.ts'
import { ledgerRelease } from '../../stand-ins/ledger/release/objects.ts'
import { dynamodb } from '../../stand-ins/ledger/release/release-properties.ts'
import { secret, type LedgerStage, type LedgerStageOptions } from './ledger-stage.ts'
import { forwarded } from './port-forward.ts'
import { ground, Stage, type TestGround } from './stage.ts'

export const awsRegion = 'eu-west-1'

/**
 * The key of the release, and one for `--database-secret database-admin`; the secrets have odd characters on purpose.
 */
export const awsKeys = {
  release: { accessKeyId: 'AKIDRELEASE', secretAccessKey: 'rel/ease+"$1\'' },
  admin: { accessKeyId: 'AKIDADMIN', secretAccessKey: 'ad/min+#?\\1' },
}

const inCluster = endpointsAt(`http://aws:${awsPort}`)
/** Where pods find what DynamoDB's own endpoint does not serve. */
const endpointVariables = {
  AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING: inCluster.autoscalingEndpoint,
  AWS_ENDPOINT_URL_STS: inCluster.stsEndpoint,
}

/** The DynamoDB stand-in of a namespace, as this machine reaches it. */
export interface AwsOfStage {
  /** as this machine reaches it; pods go to `http://aws:8000` */
  endpoint: string
  client: DynamoDB
  autoscaling: ApplicationAutoScaling
  /** changes settings of the stand-in from now on */
  set(changes: AwsChanges): Promise<void>
  calls(): Promise<Call[]>
  close(): void
}

export interface AwsStageOptions extends Omit<LedgerStageOptions, 'storage' | 'server'> {
  settings?: AwsChanges
  /** namespace prefix of the release */
  prefix?: string
}

/** A Ledger release in DynamoDB, all serving, and what `kubectl scalardl install` makes. */
export interface AwsStage extends LedgerStage {
  aws: AwsOfStage
  /** flags by which a worker finds what DynamoDB's own endpoint does not serve */
  endpointFlags: string[]
}

async function reach(stage: Stage): Promise<AwsOfStage> {
  const forward = await forwarded(stage, 'deployment/aws', awsPort)
  const endpoint = `http://127.0.0.1:${forward.port}`
  const settings = { region: awsRegion, credentials: awsKeys.admin }
  const client = new DynamoDB({ ...settings, endpoint })
  const autoscaling = new ApplicationAutoScaling({ ...settings, endpoint: endpointsAt(endpoint).autoscalingEndpoint })
  return {
    endpoint,
    client,
    autoscaling,
    set: async (changes) => {
      const response = await fetch(`${endpoint}/_control`, { method: 'POST', body: JSON.stringify(changes) })
      if (!response.ok) throw new Error(await response.text())
    },
    calls: async () => (await (await fetch(`${endpoint}/_control/calls`)).json()) as Call[],
    close: () => {
      client.destroy()
      autoscaling.destroy()
      forward.close()
    },
  }
}

/** Opens a namespace with the stand-in `aws`, a release `my` that writes to it, and the Secret `database-admin`. */
export async function openAwsStage(
  namespace: string,
  options: AwsStageOptions = {},
  on: TestGround = ground(),
): Promise<AwsStage> {
  const { settings = {}, prefix, replicas = 3, standIn = {}, release: name = 'my' } = options
  const stage = new Stage(namespace, on)
  await stage.open(options.labels)
  const { release: own, admin } = awsKeys
  const keys = {
    [own.accessKeyId]: { secret: own.secretAccessKey },
    [admin.accessKeyId]: { secret: admin.secretAccessKey },
  }
  await stage.apply([
    ...awsServer({ name: 'aws', namespace, image: stage.images.aws, settings: { keys, ...settings } }),
    secret('database-admin', { username: admin.accessKeyId, password: admin.secretAccessKey, hosts: 'aws' }),
  ])
  await stage.rolledOut('deployment/aws')
  const release = ledgerRelease({
    release: name,
    namespace,
    replicas,
    image: stage.images.ledger,
    properties: dynamodb(
      { region: awsRegion, endpoint: inCluster.endpoint, ...(prefix !== undefined && { prefix }) },
      { username: 'HELM_SCALAR_DB_USERNAME', password: 'LEDGER_PASSWORD' },
    ),
    database: { username: own.accessKeyId, password: 'not this one' },
    secret: { name: `${name}-database`, values: { LEDGER_PASSWORD: own.secretAccessKey } },
    standIn: { STAND_IN_WORKERS: '3', ...endpointVariables, ...standIn },
    ...options.more,
  })
  await stage.apply(release.objects)
  const deployment = `deployment/${release.deployment}`
  await stage.rolledOut(deployment)
  await stage.succeeds(['install'])
  const endpointFlags = Object.entries(endpointVariables).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  return { stage, release, deployment, aws: await reach(stage), endpointFlags }
}
