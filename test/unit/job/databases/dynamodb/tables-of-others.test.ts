import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { DynamodbSource } from '../../../../../job/databases/dynamodb/backup/source.ts'
import { contextOf } from './installation.ts'
import { awsForRestores } from './restore/restore-aws.ts'
import {
  dropRequest,
  restoreRequest,
  restoreStages,
  undoRequest,
  unprotect,
  type RestoreStage,
} from './restore/restore-stage.ts'
import { undisturbed } from './restore/restore-walk.ts'
import { allTables } from './restore/restored-world.ts'

const aws = await awsForRestores(t)

/** A Ledger's tables and an Auditor's, in one DynamoDB. */
const [beside, inPlace] = await restoreStages(t, aws, ['beside-', 'place-'], async (installation) => {
  const { client, prefix, tables } = installation
  const name = `${prefix}auditor.asset`
  await client.createTable({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'a', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'a', KeyType: 'HASH' }],
  })
  while ((await client.describeTable({ TableName: name })).Table?.TableStatus !== 'ACTIVE') await sleep(10)
  await client.updateContinuousBackups({
    TableName: name,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  })
  await client.putItem({ TableName: `${prefix}scalardb.metadata`, Item: { table: { S: name } } })
  tables.push(name)
  await unprotect(installation)
})

/** Lets an Auditor that nobody names run, or not. */
function auditor({ cluster }: RestoreStage, runs: boolean): void {
  const pod = {
    name: 'my-auditor-0',
    uid: 'a0',
    ip: '10.0.0.9',
    ready: true,
    restarts: 0,
    otherRestarts: 0,
    release: 'my-auditor',
    app: 'auditor',
    adminPort: 40053,
  }
  cluster.pods.splice(0, Infinity, ...(runs ? [pod] : []))
}

const finding = 'tables of other releases'

t.test(
  'in place: refused before anything is touched while the Auditor runs whose tables would go; ' +
    'done, with a warning, once it is stopped',
  async (t) => {
    const tables = await allTables(inPlace.clients)
    auditor(inPlace, true)
    t.equal((await inPlace.worker(restoreRequest('running', { strategy: 'replace' }))).code, 1)
    t.match(inPlace.record('restore-running')?.failure, {
      what: /nothing was touched/,
      why: /the tables of auditor are replaced as well, and my-auditor may be using them/,
      next: /stop it/,
    })
    t.strictSame(await allTables(inPlace.clients), tables)
    auditor(inPlace, false)
    await undisturbed(t, inPlace, restoreRequest('stopped', { strategy: 'replace' }))
    t.match(
      inPlace.record('restore-stopped')?.findings.find(({ check }) => check === finding),
      { outcome: 'warning', cure: /named as well, or stopped/ },
    )
    auditor(inPlace, true)
    t.equal((await inPlace.worker(undoRequest('stopped'))).code, 1)
    t.match(inPlace.record('undo-stopped')?.failure, { why: /auditor are removed as well, and my-auditor/ })
  },
)

t.test('under a prefix: what runs on the former tables is told, and they are not removed under it', async (t) => {
  auditor(beside, true)
  const request = (name: string, dropPrevious: boolean) =>
    restoreRequest(name, { prefix: `${name}-` }, { dropPrevious })
  t.equal((await beside.worker(request('dropped', true))).code, 1)
  t.match(beside.record('restore-dropped')?.failure, {
    what: /nothing was touched/,
    why: /the present ones removed as well, and my-auditor/,
  })
  await undisturbed(t, beside, request('kept', false))
  t.match(
    beside.record('restore-kept')?.findings.find(({ check }) => check === finding),
    { outcome: 'warning', message: /my-auditor may be using them/ },
  )
  const tables = await allTables(beside.clients)
  t.equal((await beside.worker(dropRequest('kept'))).code, 1)
  t.match(beside.record('drop-kept')?.failure, {
    what: /the former tables .* are not removed/,
    why: /my-auditor may be using them/,
  })
  t.strictSame(await allTables(beside.clients), tables)
  auditor(beside, false)
  await undisturbed(t, beside, { ...dropRequest('kept'), operation: 'drop-again' })
  t.notOk((await allTables(beside.clients)).includes('beside-auditor.asset'))
})

t.test('a backup of one is refused while the other runs unnamed, and warns where it is not seen to run', async (t) => {
  const found = async (bystanders: { name: string; app: string }[], storage = 'ledger/default') => {
    const settings = inPlace.installation.settings.map((one) => ({ ...one, storage }))
    const source = new DynamodbSource(settings, contextOf('backup-y', { bystanders: async () => bystanders }))
    const findings = await source.preflight()
    await source.close()
    return findings.find(({ check }) => check === finding)
  }
  t.match(await found([{ name: 'my-auditor', app: 'auditor' }]), {
    outcome: 'error',
    message: /the tables of auditor are backed up as well, and my-auditor/,
    cure: /name my-auditor as well/,
  })
  t.match(await found([{ name: 'their-ledger', app: 'ledger' }]), {
    outcome: 'warning',
    message: /what uses them is not known/,
  })
})
