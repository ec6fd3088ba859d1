import { matches } from '../../cloud/glob.ts'
import type { PodIdentity } from '../../cloud/identity/pod-webhook.ts'
import type { AzureSettings } from '../settings.ts'

/**
 * What Azure's webhook adds to a pod: the variables of its identity, and a token of its ServiceAccount for Entra ID
 * (Azure Workload Identity: mutating admission webhook). The real one reads the client id from the ServiceAccount; here
 * it is the identity whose federated credential names that account.
 * @param authority where pods find Entra ID, without a slash at the end
 */
export function podIdentity(settings: AzureSettings, account: string, authority: string): PodIdentity | undefined {
  const [client, identity] =
    Object.entries(settings.identities ?? {}).find(([, { subject }]) => matches(subject, account)) ?? []
  if (client === undefined || identity === undefined) return undefined
  const [name, folder] = ['azure-identity-token', '/var/run/secrets/azure/tokens']
  return {
    env: [
      { name: 'AZURE_CLIENT_ID', value: client },
      { name: 'AZURE_TENANT_ID', value: identity.tenant },
      { name: 'AZURE_FEDERATED_TOKEN_FILE', value: `${folder}/${name}` },
      { name: 'AZURE_AUTHORITY_HOST', value: `${authority}/` },
    ],
    token: { name, folder, audience: 'api://AzureADTokenExchange', expirationSeconds: 3600 },
    trust: settings.trust,
  }
}
