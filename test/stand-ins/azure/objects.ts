import type { V1Deployment, V1Secret, V1Service } from '@kubernetes/client-node'
import type { Certificates } from '../ledger/release/certificates.ts'
import type { AzureChanges } from './settings.ts'

export interface AzureServerOptions {
  name: string
  namespace: string
  image: string
  /** of the server, for the name of its Service; clients trust their `ca` */
  certificates: Certificates
  settings?: AzureChanges
}

export const azurePort = 8443

/** Where pods of its namespace find ARM, Entra ID, and below `accounts/NAME/` the data planes. */
export const azureInCluster = (name: string): string => `https://${name}:${azurePort}`

/** The stand-in with one pod, whose data goes with it: Secret, Service and Deployment, all `<name>`. */
export function azureServer({
  name,
  namespace,
  image,
  certificates,
  settings = {},
}: AzureServerOptions): [V1Secret, V1Service, V1Deployment] {
  const labels = { 'app.kubernetes.io/name': 'azure', 'app.kubernetes.io/instance': name }
  const metadata = { name, namespace, labels }
  const { ca, certificate, key } = certificates
  const secret: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: 'kubernetes.io/tls',
    stringData: { 'ca.crt': ca, 'tls.crt': certificate, 'tls.key': key },
  }
  const service: V1Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ports: [{ name: 'https', port: azurePort, targetPort: azurePort }], selector: labels },
  }
  // The same for everybody, by whatever way they asked.
  const documentEndpoint = `${azureInCluster(name)}/accounts/{account}/`
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
            fsGroup: 65532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'azure',
              image,
              imagePullPolicy: 'IfNotPresent',
              env: [
                { name: 'PORT', value: String(azurePort) },
                { name: 'AZURE_STAND_IN', value: JSON.stringify({ documentEndpoint, ...settings }) },
                { name: 'TLS_CERTIFICATE', value: '/etc/tls/tls.crt' },
                { name: 'TLS_KEY', value: '/etc/tls/tls.key' },
              ],
              ports: [{ name: 'https', containerPort: azurePort }],
              readinessProbe: {
                httpGet: { path: '/healthz', port: azurePort, scheme: 'HTTPS' },
                periodSeconds: 1,
                timeoutSeconds: 5,
              },
              resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: [{ name: 'tls', mountPath: '/etc/tls', readOnly: true }],
            },
          ],
          volumes: [{ name: 'tls', secret: { secretName: name, defaultMode: 0o440 } }],
        },
      },
    },
  }
  return [secret, service, deployment]
}
