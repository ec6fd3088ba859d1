import type { V1Deployment, V1Secret, V1Service } from '@kubernetes/client-node'

const port = 7070

export interface S3ServerOptions {
  name: string
  namespace: string
  image: string
  bucket: string
  accessKeyId: string
  secretAccessKey: string
}

/** An S3 server with one bucket: a Secret with its own keys, a Service and a Deployment, all of one name. */
export function s3Server(options: S3ServerOptions): [V1Secret, V1Service, V1Deployment] {
  const { name, namespace, image, bucket, accessKeyId, secretAccessKey } = options
  const labels = { 'app.kubernetes.io/name': 'versitygw', 'app.kubernetes.io/instance': name }
  const metadata = { name, namespace, labels }
  const fromSecret = (key: string) => ({ valueFrom: { secretKeyRef: { name, key } } })
  const gateway = `mkdir -p /data/${bucket} && exec versitygw --port :${port} --health /health posix /data`
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { accessKeyId, secretAccessKey } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port }], selector: labels } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 0,
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 65532,
              runAsGroup: 65532,
              fsGroup: 65532,
              seccompProfile: { type: 'RuntimeDefault' },
            },
            containers: [
              {
                name: 'gateway',
                image,
                command: ['sh', '-c', gateway],
                env: [
                  { name: 'ROOT_ACCESS_KEY', ...fromSecret('accessKeyId') },
                  { name: 'ROOT_SECRET_KEY', ...fromSecret('secretAccessKey') },
                ],
                readinessProbe: { httpGet: { path: '/health', port }, periodSeconds: 1 },
                securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
            volumes: [{ name: 'data', emptyDir: {} }],
          },
        },
      },
    },
  ]
}
