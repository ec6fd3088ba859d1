import { DefaultAzureCredential, WorkloadIdentityCredential, type TokenCredential } from '@azure/identity'

/** The identity of the pod: Workload Identity, or what else the SDK finds there. */
export function podIdentity(): TokenCredential {
  // The authority is the cluster's own word (AZURE_AUTHORITY_HOST): nobody else is asked whether there is such a one.
  const options = { disableInstanceDiscovery: true }
  return (process.env['AZURE_FEDERATED_TOKEN_FILE'] ?? '') === ''
    ? new DefaultAzureCredential(options)
    : new WorkloadIdentityCredential(options)
}
