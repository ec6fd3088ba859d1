import { startAws } from './aws.ts'
import type { AwsChanges } from './settings.ts'

/** Runs the stand-in in its image: PORT, AWS_STAND_IN (settings as JSON), DYNAMODB_LOCAL (its folder). */
async function main(environment: NodeJS.ProcessEnv): Promise<void> {
  const settings = JSON.parse(environment['AWS_STAND_IN'] ?? '{}') as AwsChanges
  const dynamodbLocal = environment['DYNAMODB_LOCAL']
  const aws = await startAws({
    host: '0.0.0.0',
    port: Number(environment['PORT'] ?? 8000),
    settings,
    ...(dynamodbLocal !== undefined && { dynamodbLocal }),
  })
  process.stdout.write(`listening on ${aws.port}\n`)
  const end = () => void aws.stop().finally(() => process.exit())
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}

await main(process.env)
