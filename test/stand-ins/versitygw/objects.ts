import type { V1Deployment, V1Secret, V1Service } from '@kubernetes/client-node'
import { onePod, serverDeployment, serverMetadata, serverService } from '../one-pod.ts'

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
  const metadata = serverMetadata('versitygw', name, namespace)
  const fromSecret = (key: string) => ({ valueFrom: { secretKeyRef: { name, key } } })
  const gateway = `mkdir -p /data/${bucket} && exec versitygw --port :${port} --health /health posix /data`
  const pod = onePod({
    container: {
      name: 'gateway',
      image,
      command: ['sh', '-c', gateway],
      env: [
        { name: 'ROOT_ACCESS_KEY', ...fromSecret('accessKeyId') },
        { name: 'ROOT_SECRET_KEY', ...fromSecret('secretAccessKey') },
      ],
      readinessProbe: { httpGet: { path: '/health', port }, periodSeconds: 1 },
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
    volumes: [{ name: 'data', emptyDir: {} }],
    graceSeconds: 0,
  })
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { accessKeyId, secretAccessKey } },
    serverService(metadata, { name: 's3', port }),
    serverDeployment(metadata, pod),
  ]
}
