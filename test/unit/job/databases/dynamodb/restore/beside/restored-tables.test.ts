import t from 'tap'
import { accessKey } from '../../installation.ts'
import { awsForRestores } from '../restore-aws.ts'
import {
  dropRequest,
  restoreRequest,
  restoreStages,
  undoRequest,
  unprotect,
  type RestoreStage,
} from '../restore-stage.ts'
import { undisturbed } from '../restore-walk.ts'
import { allTables, worldOf } from '../restored-world.ts'

const aws = await awsForRestores(t)

const [filled, scaled, denied, refused] = await restoreStages(
  t,
  aws,
  ['filled-', 'scaled-', 'denied-', 'refused-'],
  unprotect,
)

/** Ids of everything that scales tables of a prefix. */
const scaling = async ({ installation: { autoscaling } }: RestoreStage, prefix: string) => {
  const { ScalableTargets: targets = [] } = await autoscaling.describeScalableTargets({ ServiceNamespace: 'dynamodb' })
  return targets.flatMap(({ ResourceId: id = '' }) => (id.startsWith(`table/${prefix}`) ? [id] : []))
}

t.test('an index made anew is filled on demand, and has its own capacity afterwards', async (t) => {
  const from = aws.calls().length
  await undisturbed(t, filled, restoreRequest('r', { prefix: 'r-filled-' }))
  const calls = aws.calls().slice(from)
  const input = (call: (typeof calls)[number] | undefined) => call?.input as Record<string, unknown> | undefined
  const asset = 'r-filled-scalar.asset'
  const restore = calls.find(
    ({ operation, tables }) => operation === 'RestoreTableToPointInTime' && tables.includes(asset),
  )
  t.match(input(restore), { BillingModeOverride: 'PAY_PER_REQUEST', ProvisionedThroughputOverride: undefined })
  const created = calls.find(
    ({ operation, tables, input: of }) =>
      operation === 'UpdateTable' && tables.includes(asset) && JSON.stringify(of).includes('"Create"'),
  )
  t.match(input(created), { GlobalSecondaryIndexUpdates: [{ Create: { ProvisionedThroughput: undefined } }] })
  const { Table: table } = await filled.installation.client.describeTable({ TableName: asset })
  t.equal(table?.BillingModeSummary?.BillingMode ?? 'PROVISIONED', 'PROVISIONED')
  t.match(table, {
    ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 6 },
    GlobalSecondaryIndexes: [{ ProvisionedThroughput: { ReadCapacityUnits: 7, WriteCapacityUnits: 8 } }],
  })
  t.strictSame(filled.record('restore-r')?.restore?.databases[0]?.details['differences'], [])
})

t.test('what scales a table goes with it', async (t) => {
  t.equal((await scaling(scaled, 'scaled-')).length, 4)
  await undisturbed(t, scaled, restoreRequest('r', { prefix: 'r-scaled-' }))
  await undisturbed(t, scaled, dropRequest('r'))
  t.strictSame(await scaling(scaled, 'scaled-'), [], 'with the former tables')
  t.equal((await scaling(scaled, 'r-scaled-')).length, 4)

  await undisturbed(t, denied, restoreRequest('p', { prefix: 'p-denied-', repoint: 'print' }))
  t.equal((await scaling(denied, 'p-denied-')).length, 4)
  await undisturbed(t, denied, undoRequest('p'))
  t.strictSame(await scaling(denied, 'p-denied-'), [], 'with restored tables that are removed')
})

t.test("a restore whose tables the release's own user may not use is taken back before the switch", async (t) => {
  const before = await worldOf(refused.clients, 'refused-')
  for (const action of ['GetItem', 'UpdateItem']) {
    // Once for the preflight, then for each table when it stands restored.
    let left = refused.installation.tables.length + 1
    const after = async (operation: string) => {
      if (operation !== 'UpdateContinuousBackups') return
      left -= 1
      if (left > 0) return
      aws.set({ denied: [{ action: `dynamodb:${action}`, table: `${action.toLowerCase()}-refused-scalar.*` }] })
    }
    const request = restoreRequest(action.toLowerCase(), { prefix: `${action.toLowerCase()}-refused-` })
    t.equal((await refused.worker(request, { after })).code, 1)
    aws.set({ denied: [] })
    t.match(refused.record(request.operation)?.failure, {
      why: new RegExp(
        `the release's own user of ledger/default may not use it.*${accessKey.toLowerCase()}.*dynamodb:${action}`,
      ),
      next: /table\/\w+-refused-\*/,
    })
    t.match(refused.properties(), /prefix=refused-/)
    t.strictSame(
      (await allTables(refused.clients)).filter((name) => name.startsWith(request.choice?.prefix ?? '')),
      [],
    )
  }
  t.strictSame((await worldOf(refused.clients, 'refused-')).tables, before.tables)
  t.equal(refused.replicas(), 3)
})
