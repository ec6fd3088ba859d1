// Room: what ScalarDL uses of Azure for Cosmos DB and for flexible servers, and as unkind as the service.
// Read README.md, azure, server, then the room of the call in question.

import { serve, type StandIn } from '../cloud/serve.ts'
import { makeCertificates, type Certificates } from '../ledger/release/certificates.ts'
import type { ServersOfEngines } from '../postgresql/servers-with-a-past.ts'
import type { Call } from './call.ts'
import { connectPrivateEndpoint, type AskedConnection } from './private-endpoint.ts'
import { azureAnswers } from './server.ts'
import { Service } from './service/service.ts'
import { changed, settingsSchema, type AzureChanges, type AzureSettings } from './settings.ts'

export interface AzureOptions {
  /** 0 gives a free one */
  port?: number
  host?: string
  settings?: AzureChanges
  /** of the server; made anew, for 127.0.0.1 and localhost, where they are not given */
  certificates?: Omit<Certificates, 'ca'> & { ca?: string }
  /** what is behind flexible servers, by what they run; where it is absent, nobody answers */
  databases?: ServersOfEngines
}

/** A running ARM, Entra ID and data plane of Cosmos DB, all at one address. */
export interface Azure extends StandIn<AzureSettings, AzureChanges, Call> {
  /** of ARM, and AZURE_AUTHORITY_HOST; without a slash at the end */
  endpoint: string
  /** PEM of the CA that clients have to trust */
  ca: string
  /** what comes with a private endpoint that somebody makes in his network */
  connectPrivateEndpoint(account: string, asked: AskedConnection): void
}

/** Starts the stand-in; takes about 100 ms. README.md says how it behaves. */
export async function startAzure({
  port = 0,
  host = '127.0.0.1',
  settings = {},
  certificates,
  databases = {},
}: AzureOptions = {}): Promise<Azure> {
  const service = new Service(changed(settingsSchema.parse({}), settings), databases)
  const { ca = '', ...tls } = certificates ?? (await makeCertificates(['localhost', '127.0.0.1']))
  const standIn = await serve<AzureSettings, AzureChanges, Call>({
    name: 'Azure',
    port,
    host,
    tls,
    timers: service.timers,
    now: () => service.now(),
    changed,
    control: {
      'POST /_control/private-endpoints': ({ account, ...asked }: AskedConnection & { account: string }) =>
        connectPrivateEndpoint(service, account, asked),
    },
    answer: (calls) => azureAnswers(service, calls),
  })
  return Object.assign(standIn, {
    endpoint: `https://127.0.0.1:${standIn.port}`,
    ca,
    connectPrivateEndpoint: (account: string, asked: AskedConnection) => {
      connectPrivateEndpoint(service, account, asked)
    },
  })
}
