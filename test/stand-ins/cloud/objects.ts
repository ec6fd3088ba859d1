import type { V1Deployment, V1EnvVar, V1Secret, V1Service } from '@kubernetes/client-node'
import type { Certificates } from '../ledger/release/certificates.ts'
import { onePod, serverDeployment, serverMetadata, serverService } from '../one-pod.ts'
import type { FurtherEndpoint } from '../postgresql/server-address.ts'
import { podServers } from '../postgresql/servers-in-pod.ts'

export interface CloudServerOptions {
  name: string
  namespace: string
  image: string
  /** of the server, for the name of its Service; clients trust their `ca` */
  certificates: Certificates
}

/** The Secret whose ca.crt clients trust, and that the webhook gives to pods. */
export const trustOf = (name: string): string => `${name}-trust`

const tlsFolder = '/etc/tls'

/**
 * A stand-in by TLS with one pod, whose data goes with it, and the Services of database servers in that pod: all are
 * called `<name>` but the trust and those Services.
 */
export function cloudServer(
  { name, namespace, image, certificates: { ca, certificate, key } }: CloudServerOptions,
  { app, port, env, endpoints }: { app: string; port: number; env: V1EnvVar[]; endpoints?: readonly FurtherEndpoint[] },
): [V1Secret, V1Service, V1Deployment, V1Secret, ...V1Service[]] {
  const metadata = serverMetadata(app, name, namespace)
  const servers = podServers(metadata, endpoints)
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
  const pod = onePod({
    container: {
      name: app,
      image,
      env: [
        { name: 'PORT', value: String(port) },
        { name: 'TLS_CERTIFICATE', value: `${tlsFolder}/tls.crt` },
        { name: 'TLS_KEY', value: `${tlsFolder}/tls.key` },
        ...servers.env,
        ...env,
      ],
      ports: [{ name: 'https', containerPort: port }],
      readinessProbe: { httpGet: { path: '/healthz', port, scheme: 'HTTPS' }, periodSeconds: 1, timeoutSeconds: 5 },
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
      securityContext: { readOnlyRootFilesystem: true },
      volumeMounts: [{ name: 'tls', mountPath: tlsFolder, readOnly: true }, ...servers.volumeMounts],
    },
    volumes: [{ name: 'tls', secret: { secretName: name, defaultMode: 0o440 } }, ...servers.volumes],
  })
  const service = serverService(metadata, { name: 'https', port })
  return [secret, service, serverDeployment(metadata, pod), trust, ...servers.services]
}
