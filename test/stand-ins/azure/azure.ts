// Room: what ScalarDL uses of Azure for Cosmos DB, and as unkind as the service.
// Read README.md, azure, server, then the room of the call in question.

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { makeCertificates, type Certificates } from '../ledger/release/certificates.ts'
import { Calls, type Call } from './calls.ts'
import { connectPrivateEndpoint, controlPath } from './control.ts'
import { azureServer } from './server.ts'
import { Service } from './service/service.ts'
import { changed, settingsSchema, type AzureChanges, type AzureSettings } from './settings.ts'

export interface AzureOptions {
  /** 0 gives a free one */
  port?: number
  host?: string
  settings?: AzureChanges
  /** of the server; made anew, for 127.0.0.1 and localhost, where they are not given */
  certificates?: Omit<Certificates, 'ca'> & { ca?: string }
}

/** A running ARM, Entra ID and data plane of Cosmos DB, all at one address. */
export interface Azure {
  /** of ARM, and AZURE_AUTHORITY_HOST; without a slash at the end */
  endpoint: string
  /** PEM of the CA that clients have to trust */
  ca: string
  port: number
  readonly settings: AzureSettings
  /** changes settings from now on; phases are merged, faults begin to count anew */
  set(changes: AzureChanges): void
  /** ms by the clock of the data */
  now(): number
  /** the calls answered so far, oldest first */
  calls(): readonly Call[]
  forgetCalls(): void
  /** what comes with a private endpoint that somebody makes in his network */
  connectPrivateEndpoint(account: string, asked: { privateEndpoint: string; status?: string }): void
  /** ends it; what was in it is gone. @throws Error where something went wrong inside the stand-in itself */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Where the data plane of an account, or of one of its regions, is found. */
const endpointFinder = (service: Service) => (base: string) => (host: string) =>
  (service.settings.documentEndpoint ?? `${base}/accounts/{account}/`).replaceAll('{account}', host)

/** Starts the stand-in; takes about 100 ms. README.md says how it behaves. */
export async function startAzure({
  port = 0,
  host = '127.0.0.1',
  settings = {},
  certificates,
}: AzureOptions = {}): Promise<Azure> {
  const service = new Service(changed(settingsSchema.parse({}), settings))
  const calls = new Calls()
  const { ca = '', certificate, key } = certificates ?? (await makeCertificates(['localhost', '127.0.0.1']))
  const set = (changes: AzureChanges) => {
    const next = changed(service.settings, changes)
    // What is not set anew goes on counting.
    service.timers.settings = changes.faults === undefined ? { ...next, faults: service.settings.faults } : next
  }
  const baseOf = (request: IncomingMessage) => `https://${request.headers.host ?? 'localhost'}`
  const server = azureServer({
    service,
    calls,
    certificate,
    key,
    baseOf,
    endpointOf: endpointFinder(service),
    besides: controlPath({ service, calls, set }),
  })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the stand-in has no port')

  let stopping: Promise<void> | undefined
  const end = async () => {
    await service.timers.stop()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    const { problems } = service.timers
    if (problems.length > 0)
      throw new AggregateError(problems, `the stand-in of Azure failed: ${problems.map(String).join('; ')}`)
  }
  const stop = () => (stopping ??= end())
  return {
    endpoint: `https://127.0.0.1:${address.port}`,
    ca,
    port: address.port,
    get settings() {
      return service.settings
    },
    set,
    now: () => service.now(),
    calls: () => calls.all,
    forgetCalls: () => calls.forget(),
    connectPrivateEndpoint: (account, asked) => {
      connectPrivateEndpoint(service, account, asked)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
