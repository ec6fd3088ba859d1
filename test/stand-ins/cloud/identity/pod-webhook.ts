import type { V1EnvVar, V1MutatingWebhookConfiguration, V1Pod } from '@kubernetes/client-node'
import type { Certificates } from '../../ledger/release/certificates.ts'

/** Where Kubernetes asks what a pod is given. */
export const webhookPath = '/webhook/pods'

const trustVolume = 'cloud-trust'
const trustFolder = '/var/run/secrets/cloud/trust'

/** The part of an AdmissionReview's request that is read here (Kubernetes: dynamic admission control). */
interface AdmissionRequest {
  uid: string
  namespace: string
  object: V1Pod
}

/** What a cloud's webhook adds to a pod. */
export interface PodIdentity {
  env: V1EnvVar[]
  /** the projected token of its ServiceAccount: name of the volume and of the file, folder, whom it is for */
  token: { name: string; folder: string; audience: string; expirationSeconds: number }
  /** Secret of the pod's namespace whose ca.crt it trusts, which no real webhook gives */
  trust: string | undefined
}

/**
 * Answers for a pod that is made.
 * @param review the AdmissionReview that asks
 * @param identityOf of a ServiceAccount, `system:serviceaccount:NAMESPACE:NAME`; undefined where it has none
 * @returns the AdmissionReview that answers
 */
export function admit(
  review: Record<string, unknown>,
  identityOf: (account: string) => PodIdentity | undefined,
): object {
  const request = review['request'] as AdmissionRequest
  const { spec } = request.object
  const account = `system:serviceaccount:${request.namespace}:${spec?.serviceAccountName ?? 'default'}`
  const identity = identityOf(account)
  const answer = (response: object) => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: request.uid, ...response },
  })
  if (spec === undefined || identity === undefined)
    return answer({ allowed: false, status: { message: `no federated credential is for ${account}` } })

  const { env, token, trust } = identity
  const mounts = [
    { name: token.name, mountPath: token.folder, readOnly: true },
    ...(trust === undefined ? [] : [{ name: trustVolume, mountPath: trustFolder, readOnly: true }]),
  ]
  const { audience, expirationSeconds, name } = token
  const volumes = [
    { name, projected: { sources: [{ serviceAccountToken: { path: name, expirationSeconds, audience } }] } },
    ...(trust === undefined ? [] : [{ name: trustVolume, secret: { secretName: trust } }]),
  ]
  const trusted = trust === undefined ? [] : [{ name: 'NODE_EXTRA_CA_CERTS', value: `${trustFolder}/ca.crt` }]
  const containers = spec.containers.map((container) => ({
    ...container,
    env: [...(container.env ?? []), ...env, ...trusted],
    volumeMounts: [...(container.volumeMounts ?? []), ...mounts],
  }))
  const patch = [
    { op: 'add', path: '/spec/volumes', value: [...(spec.volumes ?? []), ...volumes] },
    { op: 'add', path: '/spec/containers', value: containers },
  ]
  return answer({
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
  })
}

export interface PodWebhookOptions {
  /** of the webhook, as the cloud calls it */
  webhook: string
  /** the stand-in's Service */
  name: string
  namespace: string
  port: number
  certificates: Pick<Certificates, 'ca'>
  /** labels of the pods that it is asked for */
  pods: Record<string, string>
}

/** Has Kubernetes ask a stand-in for pods of its namespace, as a cloud's own webhook is asked for all of a cluster. */
export function podWebhook(options: PodWebhookOptions): V1MutatingWebhookConfiguration {
  const { webhook, name, namespace, port, certificates, pods } = options
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `${namespace}-${name}` },
    webhooks: [
      {
        name: webhook,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        objectSelector: { matchLabels: pods },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        clientConfig: {
          service: { name, namespace, path: webhookPath, port },
          caBundle: Buffer.from(certificates.ca).toString('base64'),
        },
      },
    ],
  }
}
