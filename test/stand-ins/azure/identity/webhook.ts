import type { V1Pod } from '@kubernetes/client-node'
import { matches } from '../../cloud/glob.ts'
import type { AzureSettings } from '../settings.ts'

/** Where Kubernetes asks what a pod is given. */
export const webhookPath = '/webhook/pods'

const tokenVolume = 'azure-identity-token'
const tokenFolder = '/var/run/secrets/azure/tokens'
const trustVolume = 'azure-trust'
const trustFolder = '/var/run/secrets/azure/trust'

/** The part of an AdmissionReview's request that is read here (Kubernetes: dynamic admission control). */
interface AdmissionRequest {
  uid: string
  namespace: string
  object: V1Pod
}

/**
 * What Azure's webhook adds to a pod: the variables of its identity, and a token of its ServiceAccount for Entra ID
 * (Azure Workload Identity: mutating admission webhook). The real one reads the client id from the ServiceAccount; here
 * it is the identity whose federated credential names that account. Beyond it, the CA of this stand-in.
 * @param review the AdmissionReview that asks
 * @param authority where pods find Entra ID, without a slash at the end
 * @returns the AdmissionReview that answers
 */
export function admit(settings: AzureSettings, review: Record<string, unknown>, authority: string): object {
  const request = review['request'] as AdmissionRequest
  const { spec } = request.object
  const account = `system:serviceaccount:${request.namespace}:${spec?.serviceAccountName ?? 'default'}`
  const [client, identity] =
    Object.entries(settings.identities ?? {}).find(([, { subject }]) => matches(subject, account)) ?? []
  const answer = (response: object) => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: request.uid, ...response },
  })
  if (spec === undefined || client === undefined || identity === undefined)
    return answer({ allowed: false, status: { message: `no federated credential is for ${account}` } })

  const { trust } = settings
  const env = [
    { name: 'AZURE_CLIENT_ID', value: client },
    { name: 'AZURE_TENANT_ID', value: identity.tenant },
    { name: 'AZURE_FEDERATED_TOKEN_FILE', value: `${tokenFolder}/${tokenVolume}` },
    { name: 'AZURE_AUTHORITY_HOST', value: `${authority}/` },
    ...(trust === undefined ? [] : [{ name: 'NODE_EXTRA_CA_CERTS', value: `${trustFolder}/ca.crt` }]),
  ]
  const mounts = [
    { name: tokenVolume, mountPath: tokenFolder, readOnly: true },
    ...(trust === undefined ? [] : [{ name: trustVolume, mountPath: trustFolder, readOnly: true }]),
  ]
  const serviceAccountToken = {
    path: tokenVolume,
    expirationSeconds: 3600,
    audience: 'api://AzureADTokenExchange',
  }
  const volumes = [
    { name: tokenVolume, projected: { sources: [{ serviceAccountToken }] } },
    ...(trust === undefined ? [] : [{ name: trustVolume, secret: { secretName: trust } }]),
  ]
  const containers = spec.containers.map((container) => ({
    ...container,
    env: [...(container.env ?? []), ...env],
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
