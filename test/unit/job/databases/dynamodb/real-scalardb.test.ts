import { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import { scaleRates } from '../../../../../job/aws/rate-limits.ts'
import { accessOf } from '../../../../../job/databases/dynamodb/access.ts'
import { openClients } from '../../../../../job/databases/dynamodb/clients.ts'
import { dynamodb } from '../../../../../job/databases/dynamodb/dynamodb.ts'
import type { OperationRequest } from '../../../../../operation/request.ts'
import {
  beforePrefix,
  newest,
  startScalarDb,
  wholeAt,
  type ScalarDb,
  type Seen,
} from '../../../../scalardb/scalardb.ts'
import { startAws, type Aws } from '../../../../stand-ins/aws/aws.ts'
import { noErrors } from '../database-conformance.ts'
import { accessKey, contextOf, pointTo, region, secretKey, settingsFor, type Installation } from './installation.ts'
import { releaseOf, restoreRequest, undoRequest, type RestoreStage } from './restore/restore-stage.ts'

// What a restore leaves is judged by ScalarDB, which reads and commits by the properties that the restore left.
const phases = { createTable: 1, deleteTable: 1, updateTable: 1, createIndex: 1, restore: 10, createBackup: 10 }
scaleRates(20)
t.teardown(() => scaleRates(1))
t.setTimeout(600_000)

/** An AWS with nothing in it, and an application of ScalarDB. */
async function open(t: Test, version: string): Promise<{ aws: Aws; scalardb: ScalarDb }> {
  const aws = await startAws({ settings: { restorableLagMs: 300, phases, limits: { ratePerSecond: {} } } })
  t.teardown(() => aws.stop())
  const scalardb = await startScalarDb(version, { AWS_ENDPOINT: aws.endpoint })
  t.teardown(() => scalardb.stop())
  pointTo(aws)
  return { aws, scalardb }
}

/** As a release says them that has not been restored yet. */
function propertiesOf(prefix: string): string {
  return [
    'scalar.db.storage=dynamo',
    `scalar.db.contact_points=${region}`,
    `scalar.db.username=${accessKey}`,
    `scalar.db.password=${secretKey}`,
    'scalar.db.dynamo.endpoint_override=${env:AWS_ENDPOINT}',
    ...(prefix === '' ? [] : [`scalar.db.dynamo.namespace.prefix=${prefix}`]),
  ].join('\n')
}

/** A backup by the product of tables that ScalarDB made, and the release that it is of. */
async function backedUp(t: Test, aws: Aws, prefix: string, write: () => Promise<void>): Promise<RestoreStage> {
  const settings = [settingsFor(aws, prefix)]
  const access = accessOf(settings, {})
  const clients = openClients(access, { patienceMs: 60_000 })
  const config = { region, credentials: { accessKeyId: accessKey, secretAccessKey: secretKey } }
  const client = new DynamoDB({ ...config, endpoint: aws.endpoint })
  const autoscaling = new ApplicationAutoScaling({ ...config, endpoint: aws.autoscalingEndpoint })
  // AWS restores to whole seconds, and which moment of one it does not say.
  await sleep(1010)
  const source = dynamodb.openBackup(settings, contextOf('backup-x'))
  noErrors(t, await source.preflight())
  await source.prepare()
  const { at: point } = await source.snapshot()
  await sleep(Math.max(0, Date.parse(point) + 1010 - aws.now()))
  const entry = await source.complete('x')
  await source.close()
  const installation: Installation = {
    client,
    autoscaling,
    prefix,
    tables: entry.tables.map(({ schema, name }) => `${prefix}${schema}.${name}`),
    settings,
    write,
    close() {
      client.destroy()
      autoscaling.destroy()
    },
  }
  const unused = { tables: {}, backups: [] }
  const stage = await releaseOf({ aws, installation, clients, entry, point, atPoint: unused })
  t.teardown(() => stage.close())
  return stage
}

async function succeeds(t: Test, stage: RestoreStage, request: OperationRequest): Promise<void> {
  const { code } = await stage.worker(request)
  t.equal(code, 0, `${request.operation}: ${JSON.stringify(stage.record(request.operation)?.failure)}`)
}

/**
 * Asserts what ScalarDB reads. It reads again for a while: an index of DynamoDB may answer with less than its table has
 * (Amazon DynamoDB Developer Guide, "Read consistency": global secondary indexes).
 */
async function readsAs(
  t: Test,
  read: () => Promise<Seen>,
  expected: Seen,
  message = 'what ScalarDB reads',
): Promise<void> {
  const untilMs = performance.now() + 10_000
  let seen = await read()
  while (!isDeepStrictEqual(seen.owned, expected.owned) && performance.now() < untilMs) {
    t.comment(`the index answered with ${seen.owned.length} rows`)
    await sleep(500)
    seen = await read()
  }
  t.strictSame(seen, expected, message)
}

await t.test(`ScalarDB ${newest}`, async (t) => {
  const { aws, scalardb } = await open(t, newest)
  for (const prefix of ['', 'live-'])
    await t.test(`its tables under "${prefix}"`, async (t) => {
      const before = propertiesOf(prefix)
      await scalardb.create(before)
      await scalardb.write(before, 1)
      const atPoint = wholeAt(1)
      await readsAs(t, () => scalardb.read(before), atPoint, 'what is to be restored')
      const stage = await backedUp(t, aws, prefix, () => scalardb.write(before, 2))
      await stage.installation.write()
      const reads = () => scalardb.read(stage.properties())
      const commits = async (round: number) => {
        await scalardb.write(stage.properties(), round)
        await readsAs(t, reads, wholeAt(round), `it commits round ${round}`)
      }

      await succeeds(t, stage, restoreRequest('beside', { prefix: `${prefix}then-` }))
      t.match(stage.properties(), `namespace.prefix=${prefix}then-`)
      await readsAs(t, reads, atPoint, 'beside')
      await commits(3)
      await readsAs(t, () => scalardb.read(before), wholeAt(2), 'the former tables are as they were')
      await succeeds(t, stage, undoRequest('beside'))
      await readsAs(t, reads, wholeAt(2), 'undone')
      await commits(4)

      await succeeds(t, stage, restoreRequest('replace', { strategy: 'replace' }))
      await readsAs(t, reads, atPoint, 'in place')
      await commits(5)
      await succeeds(t, stage, undoRequest('replace'))
      await readsAs(t, reads, wholeAt(4), 'undone in place')
      await commits(6)
    })
})

await t.test(`ScalarDB ${beforePrefix} ignores the prefix`, async (t) => {
  const { aws, scalardb } = await open(t, beforePrefix)
  // It knows neither this property by this name nor placeholders.
  const asItReads = (properties: string) =>
    properties.replace('endpoint_override=${env:AWS_ENDPOINT}', `endpoint-override=${aws.endpoint}`)
  const before = asItReads(propertiesOf(''))
  await scalardb.create(before)
  await scalardb.write(before, 1)
  await readsAs(t, () => scalardb.read(before), wholeAt(1), 'what is to be restored')
  const stage = await backedUp(t, aws, '', () => scalardb.write(before, 2))
  await stage.installation.write()
  const reads = () => scalardb.read(asItReads(stage.properties()))

  const refused = await stage.worker(restoreRequest('refused', { prefix: 'old-' }), { version: '3.5.0' })
  t.equal(refused.code, 1)
  t.match(JSON.stringify(stage.record('restore-refused')?.findings), /ignores the namespace prefix/)
  await readsAs(t, reads, wholeAt(2))

  // What the refusal keeps a release from.
  await succeeds(t, stage, restoreRequest('beside', { prefix: 'old-' }))
  t.match(stage.properties(), 'namespace.prefix=old-')
  await readsAs(t, reads, wholeAt(2), 'it goes on with the former tables')
  await succeeds(t, stage, undoRequest('beside'))

  await succeeds(t, stage, restoreRequest('replace', { strategy: 'replace' }))
  await readsAs(t, reads, wholeAt(1), 'in place it reads what was restored')
  await scalardb.write(asItReads(stage.properties()), 3)
  await readsAs(t, reads, wholeAt(3))
})
