import type { V1Deployment, V1PodSpec } from '@kubernetes/client-node'
import { productOf } from '../../../../../../operation/product.ts'
import type { Release } from '../../../../../../plugin/kubernetes/releases/releases.ts'

/** A Ledger's Deployment as the scalardl chart renders it, as far as a Job looks at it. */
export function chartPodSpec(): V1PodSpec {
  return {
    volumes: [
      { name: 'ledger-keys', secret: { secretName: 'ledger-keys' } },
      { name: 'scalardl-ledger-properties-volume', configMap: { name: 'my-ledger-scalardl-ledger-properties' } },
      { name: 'database-ca', secret: { secretName: 'database-ca', defaultMode: 0o400 } },
    ],
    containers: [
      {
        name: 'scalardl-ledger',
        volumeMounts: [
          { name: 'ledger-keys', mountPath: '/keys', readOnly: true },
          {
            name: 'scalardl-ledger-properties-volume',
            mountPath: '/scalar/ledger/ledger.properties',
            subPath: 'ledger.properties',
          },
          { name: 'database-ca', mountPath: '/tls/database' },
        ],
        env: [
          { name: 'HELM_SCALAR_DB_CONTACT_POINTS', value: 'jdbc:postgresql://$(DB_HOST):5432/ledger' },
          { name: 'DB_HOST', value: 'db' },
          { name: 'HELM_SCALAR_DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'my-ledger', key: 'db-password' } } },
          { name: 'SCALAR_DL_LEDGER_LOG_LEVEL', value: 'INFO' },
          { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        ],
        envFrom: [{ secretRef: { name: 'more' } }, { prefix: 'X_', configMapRef: { name: 'settings' } }],
      },
    ],
  }
}

export const chartProperties = `
scalar.db.storage=jdbc
scalar.db.contact_points={{ default .Env.HELM_SCALAR_DB_CONTACT_POINTS "" }}
scalar.db.password=\${env:HELM_SCALAR_DB_PASSWORD}
scalar.dl.ledger.proof.private_key_path=/keys/private-key
`

export function chartRelease(spec: V1PodSpec = chartPodSpec(), name = 'my-ledger', app = 'ledger'): Release {
  const labels = { 'app.kubernetes.io/app': app, 'app.kubernetes.io/instance': name }
  const product = productOf(labels)
  if (product === undefined) throw new Error(`no product ${app}`)
  const deployment: V1Deployment = {
    metadata: { name: `${name}-scalardl-${app}` },
    spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  }
  return { name, product, deployment, pods: [{ metadata: { name: `${name}-0`, labels } }] }
}
