import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { sampleDate } from '../../../clocks/http-date.ts'
import { measureClock, type ClockMeasurement } from '../../../clocks/measure-clock.ts'
import type { Access } from '../access.ts'

/** How long one answer may take, ms: a slow one tells nothing. */
const answerMs = 2_000

/**
 * Measures DynamoDB's clock, by which a restore point is a time. Whether its answers are refusals does not matter: they
 * are dated.
 * @param table any table, described again and again
 * @returns undefined where it could not be measured
 * @throws the signal's reason
 */
export async function measureAwsClock(
  access: Pick<Access, 'region' | 'endpoint' | 'credentials'>,
  table: string,
  signal: AbortSignal,
): Promise<ClockMeasurement | undefined> {
  const client = new DynamoDBClient({
    region: access.region,
    // one attempt a sample: what is repeated inside would spoil it
    maxAttempts: 1,
    requestHandler: { connectionTimeout: answerMs, requestTimeout: answerMs, throwOnRequestTimeout: true },
    ...(access.endpoint === undefined ? {} : { endpoint: access.endpoint }),
    ...(access.credentials === undefined ? {} : { credentials: access.credentials }),
  })
  let date: string | undefined
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args)
      date = dateOf(answer.response)
      return answer
    },
    { step: 'deserialize', priority: 'low', name: 'date' },
  )
  try {
    return await measureClock(
      () =>
        sampleDate(async () => {
          date = undefined
          await client.send(new DescribeTableCommand({ TableName: table })).catch(() => undefined)
          return date
        }),
      { signal },
    )
  } finally {
    client.destroy()
  }
}

function dateOf(response: unknown): string | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined
  const { headers } = response
  if (typeof headers !== 'object' || headers === null || !('date' in headers)) return undefined
  return typeof headers.date === 'string' ? headers.date : undefined
}
