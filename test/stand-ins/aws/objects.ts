import type { V1Deployment, V1MutatingWebhookConfiguration, V1Service } from '@kubernetes/client-node'
import { podWebhook } from '../cloud/identity/pod-webhook.ts'
import { cloudServer, trustOf, type CloudServerOptions } from '../cloud/objects.ts'
import { furtherEndpoints } from '../postgresql/server-address.ts'
import { onePod, serverDeployment, serverMetadata, serverService } from '../one-pod.ts'
import { dynamodbLocalVariable, endpointsAt } from './aws.ts'
import type { AwsChanges } from './settings.ts'

export interface AwsServerOptions {
  name: string
  namespace: string
  image: string
  settings?: AwsChanges
}

export const awsPort = 8000

/** Where pods of its namespace find RDS and STS, where that serves TLS. */
export const rdsInCluster = (name: string): ReturnType<typeof endpointsAt> => endpointsAt(`https://${name}:${awsPort}`)

/** Has Kubernetes ask the stand-in for every worker of its namespace. */
export function roleWebhook(
  of: Pick<CloudServerOptions, 'name' | 'namespace' | 'certificates'>,
): V1MutatingWebhookConfiguration {
  const pods = { 'kubectl-scalardl.dev/role': 'worker' }
  return podWebhook({ ...of, webhook: 'pod-identity-webhook.amazonaws.com', port: awsPort, pods })
}

/** The stand-in by TLS, as Kubernetes asks a webhook, with DB instances and clusters in its pod, without DynamoDB. */
export function rdsServer({
  settings = {},
  ...options
}: CloudServerOptions & { settings?: AwsChanges }): ReturnType<typeof cloudServer> {
  const env = [
    { name: 'AWS_STAND_IN', value: JSON.stringify({ trust: trustOf(options.name), ...settings }) },
    // Nobody asks for items.
    { name: dynamodbLocalVariable, value: 'http://127.0.0.1:1' },
  ]
  return cloudServer(options, { app: 'aws', port: awsPort, env, endpoints: furtherEndpoints })
}

/** The stand-in with one pod, whose data goes with it: Service `<name>` and Deployment `<name>`. */
export function awsServer({ name, namespace, image, settings = {} }: AwsServerOptions): [V1Service, V1Deployment] {
  const metadata = serverMetadata('aws', name, namespace)
  const pod = onePod({
    container: {
      name: 'aws',
      image,
      env: [
        { name: 'PORT', value: String(awsPort) },
        { name: 'AWS_STAND_IN', value: JSON.stringify(settings) },
      ],
      ports: [{ name: 'http', containerPort: awsPort }],
      readinessProbe: { httpGet: { path: '/healthz', port: awsPort }, periodSeconds: 1, timeoutSeconds: 5 },
      resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
      securityContext: { readOnlyRootFilesystem: true },
      volumeMounts: [{ name: 'temporary', mountPath: '/tmp' }],
    },
    volumes: [{ name: 'temporary', emptyDir: {} }],
  })
  return [serverService(metadata, { name: 'http', port: awsPort }), serverDeployment(metadata, pod)]
}
