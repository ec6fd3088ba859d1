import type { V1Deployment, V1MutatingWebhookConfiguration, V1Secret, V1Service } from '@kubernetes/client-node'
import type { Certificates } from '../ledger/release/certificates.ts'
import { onePod, serverDeployment, serverMetadata, serverService } from '../one-pod.ts'
import { webhookPath } from './identity/webhook.ts'
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

/** The Secret whose ca.crt clients trust, and that the webhook gives to pods. */
export const trustOf = (name: string): string => `${name}-trust`

/**
 * Has Kubernetes ask the stand-in for every pod of its namespace that says it uses an identity of Azure, as Azure's own
 * webhook is asked for those of the whole cluster.
 */
export function identityWebhook({
  name,
  namespace,
  certificates,
}: Pick<AzureServerOptions, 'name' | 'namespace' | 'certificates'>): V1MutatingWebhookConfiguration {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `${namespace}-${name}` },
    webhooks: [
      {
        name: 'mutation.azure-workload-identity.io',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        objectSelector: { matchLabels: { 'azure.workload.identity/use': 'true' } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        clientConfig: {
          service: { name, namespace, path: webhookPath, port: azurePort },
          caBundle: Buffer.from(certificates.ca).toString('base64'),
        },
      },
    ],
  }
}

/** The stand-in with one pod, whose data goes with it: Service, Deployment, and Secrets, all `<name>` but the trust. */
export function azureServer({
  name,
  namespace,
  image,
  certificates,
  settings = {},
}: AzureServerOptions): [V1Secret, V1Service, V1Deployment, V1Secret] {
  const metadata = serverMetadata('azure', name, namespace)
  const { ca, certificate, key } = certificates
  const secret: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: 'kubernetes.io/tls',
    stringData: { 'ca.crt': ca, 'tls.crt': certificate, 'tls.key': key },
  }
  const trust: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadata, name: trustOf(name) },
    stringData: { 'ca.crt': ca },
  }
  // The same for everybody, by whatever way they asked.
  const documentEndpoint = `${azureInCluster(name)}/accounts/{account}/`
  const pod = onePod({
    container: {
      name: 'azure',
      image,
      env: [
        { name: 'PORT', value: String(azurePort) },
        { name: 'AZURE_STAND_IN', value: JSON.stringify({ documentEndpoint, trust: trustOf(name), ...settings }) },
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
      securityContext: { readOnlyRootFilesystem: true },
      volumeMounts: [{ name: 'tls', mountPath: '/etc/tls', readOnly: true }],
    },
    volumes: [{ name: 'tls', secret: { secretName: name, defaultMode: 0o440 } }],
  })
  const service = serverService(metadata, { name: 'https', port: azurePort })
  return [secret, service, serverDeployment(metadata, pod), trust]
}
