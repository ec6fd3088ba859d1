import t from 'tap'
import { accessOf } from '../../../../../../job/databases/dynamodb/access.ts'
import { openClients } from '../../../../../../job/databases/dynamodb/clients.ts'
import { checkRestoreRights } from '../../../../../../job/databases/dynamodb/restore/check-rights.ts'
import { readTableSettings } from '../../../../../../job/databases/dynamodb/settings/read-settings.ts'
import { startAws } from '../../../../../stand-ins/aws/aws.ts'
import { createInstallation } from '../installation.ts'

const aws = await startAws({ settings: { phases: { createTable: 5, updateTable: 5 }, limits: { ratePerSecond: {} } } })
const installation = await createInstallation(aws, 'p-')
t.teardown(async () => {
  installation.close()
  await aws.stop()
})

t.test("rights are asked for in the partition of the backup's own tables, and in the region restored to", async (t) => {
  const clients = openClients(accessOf(installation.settings, {}), { patienceMs: 60_000 })
  t.teardown(() => clients.close())
  const { Table: table } = await installation.client.describeTable({ TableName: 'p-scalar.asset' })
  if (table === undefined) throw new Error('no table')
  const settings = await readTableSettings(clients, table, { unread: 'not asked' })
  aws.forgetCalls()
  await checkRestoreRights({
    title: 'x',
    clients,
    arn: 'arn:aws-cn:dynamodb:cn-north-1:123456789012:table/p-scalar.asset',
    region: 'cn-northwest-1',
    target: 'new-scalar.asset',
    taken: [],
    settings: [settings],
    fromBackups: true,
    makesBackups: true,
    rewritesRows: false,
  })
  const arns = aws.calls().flatMap(({ input }) => {
    const arn = input?.['ResourceArn'] ?? input?.['BackupArn']
    return typeof arn === 'string' ? [arn] : []
  })
  t.ok(arns.length >= 3)
  t.strictSame(
    arns.filter((arn) => !arn.startsWith('arn:aws-cn:dynamodb:cn-northwest-1:123456789012:table/new-scalar.asset')),
    [],
  )
})

t.test('a restore is asked for of one table of each key, and with the key that it is to have', async (t) => {
  const clients = openClients(accessOf(installation.settings, {}), { patienceMs: 60_000 })
  t.teardown(() => clients.close())
  aws.forgetCalls()
  await checkRestoreRights({
    title: 'x',
    clients,
    arn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/p-scalar.asset',
    region: 'eu-west-1',
    target: 'new-scalar.asset',
    taken: [{ name: 'p-scalar.asset', kmsKey: 'of-the-restored' }, { name: 'p-coordinator.state' }],
    settings: [],
    fromBackups: false,
    makesBackups: false,
    rewritesRows: false,
  })
  const asked = aws.calls().filter(({ operation }) => operation === 'RestoreTableToPointInTime')
  t.strictSame(
    asked.map(({ input }) => [input?.['SourceTableName'], input?.['SSESpecificationOverride']]),
    [
      ['p-scalar.asset', { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: 'of-the-restored' }],
      ['p-coordinator.state', undefined],
    ],
  )
})
