import type { V1Deployment, V1Service } from '@kubernetes/client-node'
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
  const labels = { 'app.kubernetes.io/name': 'aws', 'app.kubernetes.io/instance': name }
  const metadata = { name, namespace, labels }
  const service: V1Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ports: [{ name: 'http', port: awsPort, targetPort: awsPort }], selector: labels },
  }
  const deployment: V1Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 5,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            runAsGroup: 65532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'aws',
              image,
              imagePullPolicy: 'IfNotPresent',
              env: [
                { name: 'PORT', value: String(awsPort) },
                { name: 'AWS_STAND_IN', value: JSON.stringify(settings) },
              ],
              ports: [{ name: 'http', containerPort: awsPort }],
              readinessProbe: { httpGet: { path: '/healthz', port: awsPort }, periodSeconds: 1, timeoutSeconds: 5 },
              resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: [{ name: 'temporary', mountPath: '/tmp' }],
            },
          ],
          volumes: [{ name: 'temporary', emptyDir: {} }],
        },
      },
    },
  }
  return [service, deployment]
}
