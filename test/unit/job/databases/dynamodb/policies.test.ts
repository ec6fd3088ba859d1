import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t, { type Test } from 'tap'
import { dynamodb } from '../../../../../job/databases/dynamodb/dynamodb.ts'
import type { OperationRequest } from '../../../../../operation/request.ts'
import type { Policy } from '../../../../stand-ins/aws/settings.ts'
import { accessKey, region, settingsFor } from './installation.ts'
import { noErrors, storageOf } from '../database-conformance.ts'
import { awsForRestores } from './restore/restore-aws.ts'
import {
  dropRequest,
  materializeRequest,
  restoreRequest,
  restoreStages,
  undoRequest,
  unprotect,
  type RestoreStage,
} from './restore/restore-stage.ts'

// The calls that are really made, by a key that has the policies of the documentation and nothing else.

const folder = resolve(import.meta.dirname, '../../../../../docs/platforms/policies')
const policyOf = (name: string) => {
  const text = readFileSync(resolve(folder, `dynamodb-${name}.json`), 'utf8')
  const own = text.replaceAll('REGION', region).replaceAll('ACCOUNT', '123456789012').replaceAll('KEY', 'of-the-ledger')
  return JSON.parse(own) as Policy
}
const [toBackUp, toMaterialize, toRestore] = [policyOf('backup'), policyOf('materialize'), policyOf('restore')]

const aws = await awsForRestores(t)
const prefixes = ['beside-', 'in-place-', 'lasting-'] as const
const [beside, inPlace, lasting] = await restoreStages(t, aws, prefixes, async (installation) => {
  await unprotect(installation)
  const { autoscaling, client, prefix } = installation
  const table = `${prefix}scalar.asset`
  const { Table: found } = await client.describeTable({ TableName: table })
  await client.putResourcePolicy({ ResourceArn: found?.TableArn, Policy: '{"Version":"2012-10-17","Statement":[]}' })
  await client.updateContributorInsights({ TableName: table, ContributorInsightsAction: 'ENABLE' })
  const stream = 'arn:aws:kinesis:eu-west-1:123456789012:stream/changes'
  await client.enableKinesisStreamingDestination({ TableName: table, StreamArn: stream })
  await autoscaling.putScheduledAction({
    ServiceNamespace: 'dynamodb',
    ResourceId: `table/${table}`,
    ScalableDimension: 'dynamodb:table:ReadCapacityUnits',
    ScheduledActionName: 'nights',
    Schedule: 'cron(0 1 * * ? *)',
    ScalableTargetAction: { MinCapacity: 9 },
  })
})

/** Does it with these rights alone. @returns the rights that were used, and the calls that AWS refused */
async function byKeyWith(
  policies: Policy[],
  act: () => Promise<unknown>,
): Promise<{ used: Set<string>; denied: string[] }> {
  aws.set({ keys: { [accessKey]: { policies } } })
  aws.forgetCalls()
  await act()
  const calls = aws.calls()
  aws.set({ keys: { [accessKey]: {} } })
  const denied = calls.filter(({ error }) => error === 'AccessDeniedException')
  return {
    used: new Set(calls.flatMap(({ rights }) => rights)),
    denied: [...new Set(denied.map(({ operation, tables }) => `${operation} ${tables.join()}`))].sort(),
  }
}

/**
 * What a policy gives and nothing uses. What DynamoDB does with a table's key in its caller's name is seen in no call,
 * but for the grant that a restore asks for.
 */
function unused({ Statement }: Policy, used: ReadonlySet<string>): string[] {
  const given = Statement.flatMap(({ Action }) => Action)
  return given.filter((action) => !used.has(action) && !/^kms:(?!CreateGrant$)/.test(action))
}

async function done(t: Test, stage: RestoreStage, request: OperationRequest): Promise<void> {
  const { code } = await stage.worker(request)
  t.equal(code, 0, `${request.operation}: ${JSON.stringify(stage.record(request.operation)?.failure)}`)
}

/** A backup's look for what a restore will need, which only warns; and materializing's, onto tables in service. */
const probes = (prefix: string) =>
  ['coordinator.state', 'scalar.asset'].map((one) => `RestoreTableToPointInTime ${prefix}${one}`)

t.test('a backup gets by with its policy, and uses all of it', async (t) => {
  const { context } = storageOf(t)
  const { used, denied } = await byKeyWith([toBackUp], async () => {
    const source = dynamodb.openBackup(beside.installation.settings, context('backup-y'))
    const findings = await source.preflight()
    noErrors(t, findings)
    t.strictSame(
      findings.flatMap(({ check, outcome }) => (outcome === 'warning' ? [check] : [])),
      ['rights to restore'],
      'a backup needs no right to restore, and tells that it is not there',
    )
    await source.prepare()
    await source.snapshot()
    await source.complete('y/db')
    await source.close()
    const mistaken = dynamodb.openBackup([settingsFor(aws, 'mistaken-')], context('backup-z'))
    const refused = (await mistaken.preflight()).flatMap(({ outcome, message }) => (outcome === 'error' ? message : []))
    t.match(refused, [/there is beside-scalardb.metadata/])
    await mistaken.close()
  })
  t.strictSame(denied, probes('beside-'), 'nothing else outside of the file is called')
  t.strictSame(unused(toBackUp, used), [])
})

t.test('to make a backup last and to delete it, its policy is enough besides, and all is used', async (t) => {
  const { used, denied } = await byKeyWith([toBackUp, toMaterialize], async () => {
    const source = dynamodb.openBackup(
      lasting.installation.settings,
      storageOf(t, { materialize: true }).context('backup-y'),
    )
    noErrors(t, await source.preflight())
    await source.close()
    await done(t, lasting, materializeRequest('x'))
    const [entry] = lasting.record('backup-x')?.backup?.databases ?? []
    if (entry === undefined) throw new Error('there is a backup')
    await dynamodb.remove?.(lasting.installation.settings, entry, storageOf(t).context('delete-x'))
  })
  t.strictSame(denied, probes('lasting-'), 'nothing else outside of the files is called')
  t.strictSame(unused(toMaterialize, used), [])
})

t.test('restores, undos and removals get by with theirs, and use all of it', async (t) => {
  const { used, denied } = await byKeyWith([toBackUp, toRestore], async () => {
    await done(t, beside, restoreRequest('undone', { prefix: 'undone-beside-' }))
    await done(t, beside, undoRequest('undone'))
    await done(t, beside, restoreRequest('kept', { prefix: 'kept-beside-' }))
    await done(t, beside, dropRequest('kept'))
    await done(t, inPlace, restoreRequest('undone', { strategy: 'replace' }))
    await done(t, inPlace, undoRequest('undone'))
    await done(t, inPlace, restoreRequest('kept', { strategy: 'replace' }))
    await done(t, inPlace, dropRequest('kept'))
  })
  t.strictSame(denied, [])
  t.strictSame(unused(toRestore, used), [])
})
