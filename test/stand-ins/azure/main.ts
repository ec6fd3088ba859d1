import { readFileSync } from 'node:fs'
import { runUntilTold } from '../cloud/program.ts'
import { serversInPod } from '../postgresql/servers-in-pod.ts'
import { startAzure } from './azure.ts'
import type { AzureChanges } from './settings.ts'

/**
 * Runs the stand-in in its image: PORT, AZURE_STAND_IN (settings as JSON), TLS_CERTIFICATE and TLS_KEY (files; a
 * certificate is made where they are absent), and what a pod has for databases (servers-in-pod.ts).
 */
async function main(environment: NodeJS.ProcessEnv): Promise<void> {
  const settings = JSON.parse(environment['AZURE_STAND_IN'] ?? '{}') as AzureChanges
  const [certificate, key] = [environment['TLS_CERTIFICATE'], environment['TLS_KEY']]
  const azure = await startAzure({
    host: '0.0.0.0',
    port: Number(environment['PORT'] ?? 8443),
    settings,
    ...(certificate !== undefined &&
      key !== undefined && {
        certificates: { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') },
      }),
    databases: await serversInPod(environment),
  })
  runUntilTold(azure)
}

await main(process.env)
