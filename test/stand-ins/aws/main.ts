import { readFileSync } from 'node:fs'
import { runUntilTold } from '../cloud/program.ts'
import { serversInPod } from '../postgresql/servers-in-pod.ts'
import { startAws } from './aws.ts'
import type { AwsChanges } from './settings.ts'

/**
 * Runs the stand-in in its image: PORT, AWS_STAND_IN (settings as JSON), DYNAMODB_LOCAL (its folder), TLS_CERTIFICATE
 * and TLS_KEY (files; plain HTTP where they are absent), and what a pod has for databases (servers-in-pod.ts).
 */
async function main(environment: NodeJS.ProcessEnv): Promise<void> {
  const settings = JSON.parse(environment['AWS_STAND_IN'] ?? '{}') as AwsChanges
  const dynamodbLocal = environment['DYNAMODB_LOCAL']
  const [certificate, key] = [environment['TLS_CERTIFICATE'], environment['TLS_KEY']]
  const { postgresql } = await serversInPod(environment)
  const aws = await startAws({
    host: '0.0.0.0',
    port: Number(environment['PORT'] ?? 8000),
    settings,
    ...(dynamodbLocal !== undefined && { dynamodbLocal }),
    ...(certificate !== undefined &&
      key !== undefined && {
        certificates: { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') },
      }),
    ...(postgresql !== undefined && { instanceServers: postgresql }),
  })
  runUntilTold(aws)
}

await main(process.env)
