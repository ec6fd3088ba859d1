import { WorkloadIdentityCredential } from '@azure/identity'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Call } from '../../../stand-ins/azure/call.ts'
import { serviceAccountToken } from '../../../stand-ins/azure/identity/tokens.ts'
import { azurePort, azureServer, identityWebhook } from '../../../stand-ins/azure/objects.ts'
import type { AzureChanges } from '../../../stand-ins/azure/settings.ts'
import { makeCertificates } from '../../../stand-ins/ledger/release/certificates.ts'
import { tenant, trust } from '../../../unit/stand-ins/azure/clients.ts'
import { forwarded } from '../port-forward.ts'
import type { Stage } from '../stage.ts'

/** Client ids of the worker's identity, and of this test's own. */
export const azureClients = {
  worker: 'c11e0000-0000-4000-8000-000000000003',
  test: 'c11e0000-0000-4000-8000-000000000004',
}

/** What an identity may do, and where: an id that what is acted on begins with. */
export interface Role {
  scope: string
  actions: string[]
}

/** The stand-in of Azure in a namespace, as this machine reaches it; pods go to `https://azure:8443`. */
export interface AzureCloud {
  azure: { endpoint: string }
  /** of this test, which may do everything */
  credential: WorkloadIdentityCredential
  calls(): Promise<Call[]>
  /** does not end the namespace */
  close(): Promise<void>
}

/** What gives the workers of `install` their identity. */
export const workerIdentity = [
  '--service-account-annotation',
  `azure.workload.identity/client-id=${azureClients.worker}`,
]

/**
 * Puts the stand-in `azure` into a namespace, with the webhook that gives pods their identity of Azure.
 * @param roles of the worker's identity
 */
export async function openAzureCloud(stage: Stage, roles: Role[], settings: AzureChanges): Promise<AzureCloud> {
  const { namespace } = stage
  const certificates = await makeCertificates(['azure', `azure.${namespace}.svc`, 'localhost', '127.0.0.1'])
  const worker = { tenant, subject: `system:serviceaccount:${namespace}:kubectl-scalardl`, roles }
  const identities = {
    [azureClients.worker]: { ...worker, ...(await stage.tokenIssuer()) },
    [azureClients.test]: { tenant, subject: 'system:serviceaccount:tests:tester' },
  }
  const of = { name: 'azure', namespace, certificates }
  await stage.apply(azureServer({ ...of, image: stage.images.azure, settings: { identities, ...settings } }))
  await stage.rolledOut('deployment/azure')
  const webhook = identityWebhook(of)
  await stage.apply([webhook])
  trust(certificates.ca)
  const forward = await forwarded(stage, 'deployment/azure', azurePort)
  const endpoint = `https://127.0.0.1:${forward.port}`
  const folder = await mkdtemp(join(tmpdir(), 'azure-stage-'))
  const tokenFilePath = join(folder, 'token')
  await writeFile(tokenFilePath, serviceAccountToken('tests', 'tester'))
  return {
    azure: { endpoint },
    credential: new WorkloadIdentityCredential({
      tenantId: tenant,
      clientId: azureClients.test,
      tokenFilePath,
      authorityHost: endpoint,
      disableInstanceDiscovery: true,
    }),
    calls: async () => (await (await fetch(`${endpoint}/_control/calls`)).json()) as Call[],
    async close() {
      forward.close()
      await rm(folder, { recursive: true, force: true })
      const name = webhook.metadata?.name ?? ''
      await stage.kubectl(['delete', 'mutatingwebhookconfiguration', name, '--ignore-not-found'])
    },
  }
}
