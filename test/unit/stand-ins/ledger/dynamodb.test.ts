import { status } from '@grpc/grpc-js'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { dynamodb } from '../../../stand-ins/ledger/release/release-properties.ts'
import type { Verdict } from '../../../stand-ins/ledger/data/verdict.ts'
import { openAws } from '../aws/clients.ts'
import { ServiceClient } from './clients.ts'
import { runProgram, type RunningProgram } from './running.ts'

const { aws, client, autoscaling } = await openAws(t, { keys: { AKIDEXAMPLE: { secret: 'secret' } } })

const start = (t: Parameters<typeof runProgram>[0], environment: Record<string, string> = {}, prefix?: string) =>
  runProgram(
    t,
    dynamodb(
      { region: 'eu-west-1', endpoint: aws.endpoint, ...(prefix !== undefined && { prefix }) },
      { username: 'KEY', password: 'SECRET' },
    ).split('\n'),
    {
      KEY: 'AKIDEXAMPLE',
      SECRET: 'secret',
      STAND_IN_WORKERS: '9',
      AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING: aws.autoscalingEndpoint,
      ...environment,
    },
  )
const transfersDone = async (standIn: RunningProgram, number: number) => {
  while (((await (await fetch(`http://127.0.0.1:${standIn.control}/state`)).json()) as { done: number }).done < number)
    await sleep(20)
}

t.test('in DynamoDB, only a pause gives a consistent point, and a pod that comes back counts on', async (t) => {
  const pods = await Promise.all(
    ['ledger-0', 'ledger-1'].map((HOSTNAME) => start(t, { HOSTNAME, STAND_IN_WORKERS: '4' })),
  )
  const [first, second] = pods
  if (first === undefined || second === undefined) throw new Error('two were started')
  await Promise.all(pods.map((pod) => transfersDone(pod, 20)))
  t.equal(((await first.command('check')) as Verdict).holds, false)
  const admins = pods.map((pod) => new ServiceClient('rpc.Admin', `127.0.0.1:${pod.ports.at(-1)}`))
  for (const admin of admins) t.equal((await admin.call('Pause', { wait_outstanding: true })).code, status.OK)
  const verdict = (await first.command('check')) as Verdict
  t.strictSame(verdict.problems, [])
  t.ok(verdict.details.transfersChecking >= 40)
  for (const admin of admins) {
    await admin.call('Unpause')
    admin.close()
  }
  await Promise.all(pods.map((pod) => pod.terminate()))
  const again = await start(t, { HOSTNAME: 'ledger-0', STAND_IN_WORKERS: '4' })
  await transfersDone(again, 5)
  await again.terminate()
  const after = (await again.command('check')) as Verdict
  t.strictSame(after.problems, [])
  t.equal(Object.keys(after.details.streams).length, 8, 'the same streams as before')
  await again.command('damage')
  t.equal(((await again.command('check')) as Verdict).holds, false, 'damage is seen')
})

t.test("the tables are ScalarDB's: names with the prefix, metadata, scaling, recovery, indexes", async (t) => {
  const standIn = await start(t, { STAND_IN_WORKERS: '1' }, 'blue-')
  await transfersDone(standIn, 1)
  await standIn.terminate()
  const { TableNames = [] } = await client.listTables({})
  const own = TableNames.filter((name) => name.startsWith('blue-'))
  t.ok(
    [
      'blue-scalardb.metadata',
      'blue-scalardb.namespaces',
      'blue-coordinator.state',
      'blue-scalar.asset',
      'blue-savings.transfer',
    ].every((name) => own.includes(name)),
  )
  const { Items = [] } = await client.scan({ TableName: 'blue-scalardb.metadata' })
  t.strictSame(
    Items.map((item) => item['table']?.S).sort(),
    own.filter((name) => !name.startsWith('blue-scalardb.')).sort(),
  )
  t.match(
    Items.find((item) => item['table']?.S === 'blue-checking.transfer'),
    {
      partitionKey: { L: [{ S: 'stream' }] },
      clusteringKey: { L: [{ S: 'number' }] },
      clusteringOrders: { M: { number: { S: 'ASC' } } },
      secondaryIndex: { SS: ['savings'] },
      columns: { M: { amount: { S: 'bigint' }, tx_version: { S: 'int' }, before_tx_id: { S: 'text' } } },
    },
  )
  const namespaces = (await client.scan({ TableName: 'blue-scalardb.namespaces' })).Items ?? []
  t.strictSame(namespaces.map((item) => item['namespace_name']?.S).sort(), [
    'blue-checking',
    'blue-coordinator',
    'blue-savings',
    'blue-scalar',
    'blue-scalardb',
  ])
  const { Table: table } = await client.describeTable({ TableName: 'blue-checking.transfer' })
  t.match(table?.GlobalSecondaryIndexes, [{ IndexName: 'blue-checking.transfer.global_index.savings' }])
  const { ScalableTargets: targets = [] } = await autoscaling.describeScalableTargets({
    ServiceNamespace: 'dynamodb',
    ResourceIds: [
      'table/blue-checking.transfer',
      'table/blue-checking.transfer/index/blue-checking.transfer.global_index.savings',
    ],
  })
  t.equal(targets.length, 4)
  const recovery = await client.describeContinuousBackups({ TableName: 'blue-coordinator.state' })
  t.equal(recovery.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus, 'ENABLED')
})
