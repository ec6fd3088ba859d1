import { DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling'
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb'
import t from 'tap'
import { openClients } from '../../../../job/databases/dynamodb/clients.ts'
import { patientRetries } from '../../../../job/aws/sdk-retries.ts'
import { atOnce, perSecond } from '../../../../job/aws/rate-limits.ts'
import { partProgress } from '../../../../job/databases/point-in-time/progress.ts'
import { restorableTables } from '../../../../job/databases/dynamodb/tables/recovery-window.ts'
import { waitUntilRestorable } from '../../../../job/databases/point-in-time/wait-until-restorable.ts'
import { startAws } from '../../../stand-ins/aws/aws.ts'
import { failureOf } from '../failure-of.ts'
import { contextOf, createInstallation, pointTo, region } from '../databases/dynamodb/installation.ts'

const aws = await startAws({ settings: { phases: { createTable: 5 }, limits: { ratePerSecond: {} } } })
t.teardown(() => aws.stop())
pointTo(aws)
const access = { region, endpoint: aws.endpoint, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } }

t.test('calls outlast throttles, failing servers and broken connections, however many calls there are', async (t) => {
  const { dynamo, close } = openClients(access, { patienceMs: 30_000 })
  for (const effect of ['throttle', 'internal', 'unavailable', 'reset', 'lost-answer', 'lost-answer-500'] as const) {
    aws.set({ faults: [{ operation: 'ListTables', effect, times: 120 }] })
    await Promise.all(Array.from({ length: 40 }, () => dynamo.send(new ListTablesCommand({}))))
    t.pass(effect)
  }
  aws.set({ faults: [] })
  close()
})

t.test('what does not pass is told at once', async (t) => {
  const { dynamo, close } = openClients(access, { patienceMs: 30_000 })
  const refusal = async (code: string, message: string) => {
    aws.set({ faults: [{ operation: 'DescribeTable', effect: 'error', error: { code, message } }] })
    aws.forgetCalls()
    await t.rejects(dynamo.send(new DescribeTableCommand({ TableName: 'abc' })), { name: code })
    return aws.calls().length
  }
  t.equal(
    await refusal(
      'LimitExceededException',
      'Subscriber limit exceeded: There is a limit of 2500 tables per subscriber',
    ),
    1,
  )
  t.equal(await refusal('ResourceNotFoundException', 'no table'), 1)
  t.equal(await refusal('AccessDeniedException', 'not authorized'), 1)
  aws.set({ faults: [] })
  close()
})

t.test('an endpoint whose name never resolved is told soon, one that did is waited for', async (t) => {
  const nowhere = { ...access, endpoint: 'http://dynamodb.invalid' }
  const wrong = openClients(nowhere, { patienceMs: 600_000 })
  await t.rejects(wrong.dynamo.send(new ListTablesCommand({})), { code: 'ENOTFOUND' })
  wrong.close()
  const strategy = patientRetries({ patienceMs: 600_000 }) as unknown as {
    refreshRetryTokenForRetry(token: object, failed: object): Promise<{ getRetryCount(): number }>
    recordSuccess(): void
  }
  const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
  const refreshed = () => {
    const begun = { getRetryCount: () => 0, startedMs: performance.now() - 60_000 }
    return strategy.refreshRetryTokenForRetry(begun, { error, errorType: 'TRANSIENT' })
  }
  await t.rejects(refreshed(), { message: 'not tried again' })
  strategy.recordSuccess()
  t.equal((await refreshed()).getRetryCount(), 1)
})

t.test(
  'a source of credentials that is away for a moment fails nothing; one that never gives any is told',
  async (t) => {
    const state = { asked: 0, away: Infinity, error: new Error('connect ECONNREFUSED') }
    const credentials = async () => {
      state.asked += 1
      if (state.away > 0) {
        state.away -= 1
        throw state.error
      }
      // About to expire, so that every call has them asked for anew.
      return { accessKeyId: 'any', secretAccessKey: 'any', expiration: new Date(Date.now() + 60_000) }
    }
    const hasty = openClients({ ...access, credentials }, { patienceMs: 1_000 })
    await t.rejects(hasty.dynamo.send(new ListTablesCommand({})), { message: /ECONNREFUSED/ })
    t.ok(state.asked > 1)
    hasty.close()
    const { dynamo, autoscaling, close } = openClients({ ...access, credentials }, { patienceMs: 30_000 })
    for (const error of [
      new Error('connect ECONNREFUSED'),
      Object.assign(new Error('no answer of the agent'), { name: 'CredentialsProviderError' }),
    ]) {
      Object.assign(state, { error, away: 2 })
      await dynamo.send(new ListTablesCommand({}))
      t.equal(state.away, 0)
      state.away = 1
      await autoscaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'dynamodb' }))
      t.equal(state.away, 0)
    }
    close()

    const stop = new AbortController()
    const stopped = openClients({ ...access, credentials }, { patienceMs: 30_000, signal: stop.signal })
    state.away = Infinity
    setTimeout(() => stop.abort(new Error('told to stop')), 100)
    await t.rejects(stopped.dynamo.send(new DeleteTableCommand({ TableName: 'abc' })), { message: 'told to stop' })
    stopped.close()
  },
)

t.test('patience ends by its time, or by the signal, at once and with its reason', async (t) => {
  aws.set({ faults: [{ operation: 'ListTables', effect: 'throttle' }] })
  const hasty = openClients(access, { patienceMs: 1_000 })
  await t.rejects(hasty.dynamo.send(new ListTablesCommand({})), { name: /Throttl/ })
  hasty.close()
  const stop = new AbortController()
  const stopped = openClients(access, { patienceMs: 60_000, signal: stop.signal })
  const asking = stopped.dynamo.send(new ListTablesCommand({}))
  setTimeout(() => stop.abort(new Error('told to stop')), 100)
  await t.rejects(asking, { message: 'told to stop' })
  await t.rejects(stopped.dynamo.send(new ListTablesCommand({})), { message: 'told to stop' })
  stopped.close()
  aws.set({ faults: [] })
})

t.test('whoever is told to stop knows what became of a change under way: it is not let go of', async (t) => {
  const stop = new AbortController()
  const { dynamo, close } = openClients(access, { patienceMs: 30_000, signal: stop.signal })
  const calm = openClients(access, { patienceMs: 30_000 })
  const TableName = 'doomed'
  const status = async () => (await calm.dynamo.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus
  await calm.dynamo.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'a', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'a', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  )
  while ((await status()) !== 'ACTIVE');
  aws.set({
    phases: { deleteTable: 'held' },
    faults: [
      // long after it is under way and the signal has come
      { operation: 'DeleteTable', effect: 'delay', delayMs: 4_000 },
      { operation: 'ListTables', effect: 'delay', delayMs: 5_000 },
    ],
  })
  const deleting = dynamo.send(new DeleteTableCommand({ TableName }))
  const reading = dynamo.send(new ListTablesCommand({}))
  setTimeout(() => stop.abort(new Error('told to stop')), 1_000)
  await t.rejects(reading, { message: 'told to stop' })
  t.equal(await status(), 'ACTIVE', 'what only reads was let go of at once')
  await deleting
  t.equal(await status(), 'DELETING')

  aws.set({ faults: [{ operation: 'DeleteTable', effect: 'throttle' }] })
  const again = new AbortController()
  const throttled = openClients(access, { patienceMs: 30_000, signal: again.signal })
  setTimeout(() => again.abort(new Error('told to stop')), 100)
  await t.rejects(
    throttled.dynamo.send(new DeleteTableCommand({ TableName })),
    { message: 'told to stop' },
    'nor is it tried again',
  )
  aws.set({ faults: [], phases: { deleteTable: 5 } })
  for (const clients of [{ close }, calm, throttled]) clients.close()
})

t.test('so many at once, so many a second, in order, and whoever gives up leaves the line', async (t) => {
  const two = atOnce(2)
  let running = 0
  let most = 0
  const order: number[] = []
  const work = (number: number) => async () => {
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setTimeout(resolve, 20))
    order.push(number)
    running -= 1
  }
  const stop = new AbortController()
  const all = [1, 2, 3, 4, 5].map((number) => two.run(work(number), number === 4 ? stop.signal : undefined))
  stop.abort(new Error('told to stop'))
  const settled = await Promise.allSettled(all)
  t.equal(most, 2)
  t.strictSame(order, [1, 2, 3, 5])
  t.match(settled[3], { status: 'rejected', reason: { message: 'told to stop' } })
  await two.run(work(6))
  t.equal(order.at(-1), 6, 'no turn was lost')

  const paced = perSecond(50)
  const startedMs = performance.now()
  await Promise.all(Array.from({ length: 11 }, () => paced.run(async () => undefined)))
  t.ok(performance.now() - startedMs >= 195, 'ten gaps of 20 ms')
})

t.test('a window that stands still is not waited for for ever', async (t) => {
  const { client, close: closeInstallation } = await createInstallation(aws)
  t.teardown(closeInstallation)
  const context = contextOf('backup-a')
  const progress = partProgress(context.events, new Map([['scalar.asset', 0]]))
  t.teardown(() => progress.end())
  // What can be restored falls behind as fast as time passes.
  const lagging = setInterval(() => aws.set({ restorableLagMs: aws.settings.restorableLagMs + 200 }), 100)
  t.teardown(() => clearInterval(lagging))
  const waiting = waitUntilRestorable(restorableTables(client), ['scalar.asset'], aws.now() + 1_000, {
    signal: context.signal,
    progress,
    patienceMs: 1_500,
  })
  t.match(await failureOf(waiting), { what: /scalar.asset/, why: /has not advanced for 1.5 s/ })
})
