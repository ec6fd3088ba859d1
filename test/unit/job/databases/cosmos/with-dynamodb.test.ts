import t from 'tap'
import { startAws } from '../../../../stand-ins/aws/aws.ts'
import { accessKey, createInstallation, region, secretKey } from '../dynamodb/installation.ts'
import { backupRequest, openRelease, restoreRequest, undoRequest } from './release-stage.ts'

// Both kinds are pointed to what was restored by the properties alone, so that one operation restores both.

t.test('Cosmos DB and DynamoDB are backed up, restored and undone together', async (t) => {
  const phases = { createTable: 5, deleteTable: 5, updateTable: 5, createIndex: 5, restore: 50, createBackup: 50 }
  const aws = await startAws({ settings: { restorableLagMs: 500, phases, limits: { ratePerSecond: {} } } })
  t.teardown(() => aws.stop())
  const installation = await createInstallation(aws)
  t.teardown(() => installation.close())
  const stage = await openRelease(t)
  const several = 'scalar.db.multi_storage.'
  const own = stage.properties().trim().split('\n')
  const lines = [
    'scalar.db.storage=multi-storage',
    `${several}storages=cosmos,dynamo`,
    `${several}default_storage=cosmos`,
    `${several}namespace_mapping=savings:dynamo`,
    ...own.map((line) => line.replace(/^scalar\.db\./, `${several}storages.cosmos.`)),
    `${several}storages.dynamo.storage=dynamo`,
    `${several}storages.dynamo.contact_points=${region}`,
    `${several}storages.dynamo.username=${accessKey}`,
    `${several}storages.dynamo.password=${secretKey}`,
    `${several}storages.dynamo.dynamo.endpoint_override=${aws.endpoint}`,
  ]
  stage.setProperties(lines.join('\n'))
  t.equal((await stage.worker(backupRequest('a'))).code, 0, JSON.stringify(stage.record('backup-a')?.failure))
  t.match(stage.record('backup-a'), { windows: { length: 1 }, backup: { databases: { length: 2 } } })
  const choice = { repoint: 'print' as const, unknownVersion: true }
  const restore = { ...restoreRequest('a', 'a'), choice }
  t.equal((await stage.worker(restore)).code, 0, JSON.stringify(stage.record('restore-a')?.failure))
  t.match(stage.record('restore-a')?.restore, {
    serving: 'previous',
    databases: [
      { kind: 'cosmos', state: 'loaded' },
      { kind: 'dynamodb', state: 'loaded' },
    ],
  })
  const wayBack = stage.record('restore-a')?.restore?.wayBack.join('\n')
  t.match(wayBack, /storages\.cosmos\.contact_points=/)
  t.match(wayBack, /storages\.dynamo\.dynamo\.namespace\.prefix=/)
  t.equal((await stage.accounts()).length, 2)
  t.equal(stage.properties(), lines.join('\n'))
  t.equal((await stage.worker(undoRequest('a', 'a'))).code, 0, JSON.stringify(stage.record('undo-a')?.failure))
  t.strictSame(await stage.accounts(), ['ledger'])
  const { TableNames = [] } = await installation.client.listTables({})
  t.strictSame(
    TableNames.filter((name) => !installation.tables.includes(name) && !name.startsWith('scalardb.')),
    [],
  )
})
