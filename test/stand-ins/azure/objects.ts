import type { V1MutatingWebhookConfiguration } from '@kubernetes/client-node'
import { podWebhook } from '../cloud/identity/pod-webhook.ts'
import { cloudServer, trustOf, type CloudServerOptions } from '../cloud/objects.ts'
import type { AzureChanges } from './settings.ts'

export interface AzureServerOptions extends CloudServerOptions {
  settings?: AzureChanges
}

export const azurePort = 8443

/** Where pods of its namespace find ARM, Entra ID, and below `accounts/NAME/` the data planes. */
export const azureInCluster = (name: string): string => `https://${name}:${azurePort}`

/** Has Kubernetes ask the stand-in for every pod of its namespace that says it uses an identity of Azure. */
export function identityWebhook(
  of: Pick<AzureServerOptions, 'name' | 'namespace' | 'certificates'>,
): V1MutatingWebhookConfiguration {
  const webhook = 'mutation.azure-workload-identity.io'
  return podWebhook({ ...of, webhook, port: azurePort, pods: { 'azure.workload.identity/use': 'true' } })
}

/** The stand-in in a pod, with flexible servers in it. */
export function azureServer({ settings = {}, ...options }: AzureServerOptions): ReturnType<typeof cloudServer> {
  const { name } = options
  // The same for everybody, by whatever way they asked.
  const documentEndpoint = `${azureInCluster(name)}/accounts/{account}/`
  const said = JSON.stringify({ documentEndpoint, trust: trustOf(name), ...settings })
  return cloudServer(options, { app: 'azure', port: azurePort, env: [{ name: 'AZURE_STAND_IN', value: said }] })
}
