import type { V1Deployment, V1Service } from '@kubernetes/client-node'
import { onePod, serverDeployment, serverMetadata, serverService } from '../one-pod.ts'
import type { AwsChanges } from './settings.ts'

export interface AwsServerOptions {
  name: string
  namespace: string
  image: string
  settings?: AwsChanges
}

export const awsPort = 8000

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
