import { runUntilTold } from '../cloud/program.ts'
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
  runUntilTold(aws)
}

await main(process.env)
