import t from 'tap'
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
import { allTables } from '../restored-world.ts'

const aws = await awsForRestores(t)

const [gone, needed, refused, killed] = await restoreStages(
  t,
  aws,
  ['gone-', 'needed-', 'refused-', 'killed-'],
  unprotect,
)

const formerOf = ({ installation }: RestoreStage) => installation.tables.filter((name) => !name.includes('scalardb.'))
/** Whether the items of the first former table can be read, or what AWS says. */
const read = async (stage: RestoreStage) =>
  stage.installation.client.scan({ TableName: formerOf(stage)[0], Limit: 1 }).then(
    () => 'read',
    (error: unknown) => (error instanceof Error ? error.message : 'failed'),
  )
const policiesOf = async (stage: RestoreStage) =>
  Promise.all(
    formerOf(stage).map(async (name) => {
      const { Table: table } = await stage.installation.client.describeTable({ TableName: name })
      const found = stage.installation.client.getResourcePolicy({ ResourceArn: table?.TableArn ?? '' })
      return found.then(
        ({ Policy: policy = '' }) => policy,
        () => 'none',
      )
    }),
  )

t.test('nobody can use the former tables for a while before they are deleted', async (t) => {
  await undisturbed(t, gone, restoreRequest('r', { prefix: 'r-gone-' }))
  const seen: string[] = []
  const workloads = gone.cluster.workloads
  gone.cluster.workloads = async (releases) => {
    seen.push(await read(gone))
    return workloads(releases)
  }
  await undisturbed(t, gone, dropRequest('r'))
  t.ok(seen.length > 0)
  for (const said of seen) t.match(said, /not authorized to perform: dynamodb:Scan .* explicit deny/)
  t.notOk((await allTables(gone.clients)).some((name) => formerOf(gone).includes(name)))
})

t.test('where the release does not stay ready without them, they stay and can be used as before', async (t) => {
  await undisturbed(t, needed, restoreRequest('r', { prefix: 'r-needed-' }))
  const before = await policiesOf(needed)
  const workloads = needed.cluster.workloads
  needed.cluster.workloads = async (releases) =>
    (await workloads(releases)).map((one) => ({ ...one, readyReplicas: one.replicas - 1 }))
  t.equal((await needed.worker(dropRequest('r'))).code, 1)
  needed.cluster.workloads = workloads
  t.match(needed.record('drop-r')?.failure, { why: /my-ledger has 2 of 3 pods ready .* it may need it/ })
  t.equal(await read(needed), 'read')
  t.strictSame(await policiesOf(needed), before)
  t.equal(needed.record('backup-x')?.backup?.databases[0]?.standing, undefined)
})

t.test('who may not fence the former tables is told before anything is done', async (t) => {
  const before = await policiesOf(refused)
  const failureOf = async (action: string) => {
    aws.set({ denied: [{ action: `dynamodb:${action}`, table: 'refused-*' }] })
    const operation = `drop-without-${action.toLowerCase()}`
    t.not((await refused.worker({ ...dropRequest('r'), operation })).code, 0)
    aws.set({ denied: [] })
    return refused.record(operation)?.failure
  }
  await undisturbed(t, refused, restoreRequest('r', { prefix: 'r-refused-' }))
  for (const action of ['GetResourcePolicy', 'PutResourcePolicy', 'DeleteResourcePolicy'])
    t.match(await failureOf(action), {
      why: new RegExp(`rights to fence the former tables.*${action}`),
      next: new RegExp(`allow dynamodb:${action}`),
    })
  t.strictSame(await policiesOf(refused), before)
})

t.test('a removal that was killed for good behind the fence is no obstacle to an undo', async (t) => {
  await undisturbed(t, killed, restoreRequest('r', { prefix: 'r-killed-' }))
  const before = await policiesOf(killed)
  const marking = () => killed.record('drop-r') !== undefined
  t.ok((await killed.worker({ ...dropRequest('r'), fenceMs: 50 }, { until: marking, lastWriteKept: true })).killed)
  t.match(await read(killed), /explicit deny/)
  await killed.cluster.deleteRecord('drop-r')
  await undisturbed(t, killed, undoRequest('r'))
  t.equal(await read(killed), 'read')
  t.strictSame(await policiesOf(killed), before)
})
