import t from 'tap'
import { comparable, titleOf } from '../../../../../job/databases/cosmos/access.ts'
import { daysOf, partsOf, sameRegion, siblingId } from '../../../../../job/databases/cosmos/account/account.ts'
import { parseAzureTime } from '../../../../../job/databases/cosmos/azure-time.ts'
import { restoredName } from '../../../../../job/databases/point-in-time/restored-name.ts'
import { cloudOf } from '../../../../../job/azure/clouds.ts'

t.test('times are read in every form that the service writes, all of them UTC', (t) => {
  t.equal(parseAzureTime('3/13/2023 3:41:56 PM'), Date.UTC(2023, 2, 13, 15, 41, 56))
  t.equal(parseAzureTime('12/1/2023 12:00:01 AM'), Date.UTC(2023, 11, 1, 0, 0, 1))
  t.equal(parseAzureTime('12/1/2023 12:00:01 PM'), Date.UTC(2023, 11, 1, 12, 0, 1))
  t.equal(parseAzureTime('2023-03-13T15:41:56Z'), Date.UTC(2023, 2, 13, 15, 41, 56))
  t.equal(parseAzureTime('2023-03-13T15:41:56'), Date.UTC(2023, 2, 13, 15, 41, 56))
  t.equal(parseAzureTime('2023-03-13T16:41:56.5+01:00'), Date.UTC(2023, 2, 13, 15, 41, 56, 500))
  for (const none of ['', 'yesterday', '13.03.2023 15:41', undefined, 5]) t.equal(parseAzureTime(none), undefined)
  t.end()
})

t.test('the name of a restored account is one, and the same for the same operation alone', (t) => {
  const point = new Date('2026-07-21T09:30:05Z')
  const targetName = (source: string, operation: string, at: Date) => restoredName(source, operation, at, 44)
  const name = targetName('ledger', 'restore-a@1', point)
  t.match(name, /^ledger-260721093005-[0-9a-f]{6}$/)
  t.equal(targetName('ledger', 'restore-a@1', point), name)
  t.not(targetName('ledger', 'restore-b@1', point), name)
  t.match(targetName(name, 'restore-b@1', new Date('2026-07-22T00:00:00Z')), /^ledger-260722000000-[0-9a-f]{6}$/)
  const long = targetName(`an-account-with-a-name-of-44-characters-${'x'.repeat(4)}`, 'restore-a@1', point)
  const another = targetName(`an-account-with-a-name-of-44-characters-${'y'.repeat(4)}`, 'restore-a@1', point)
  t.not(another, long, 'two accounts of one operation are never restored to one')
  t.ok(long.length <= 44 && /^[a-z0-9][a-z0-9-]*$/.test(long), long)
  t.end()
})

t.test('endpoints, regions and clouds are told apart as Azure does', (t) => {
  t.equal(comparable('https://Ledger.documents.azure.com:443/'), 'https://ledger.documents.azure.com')
  t.equal(titleOf('https://ledger.documents.azure.com'), 'cosmos://ledger.documents.azure.com')
  t.ok(sameRegion('West US 2', 'westus2'))
  t.equal(daysOf('Continuous35Days'), 35)
  t.equal(daysOf('Periodic'), undefined)
  const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.DocumentDB/databaseAccounts/ledger'
  t.strictSame(partsOf(id), { subscription: 's', resourceGroup: 'g', name: 'ledger' })
  t.equal(siblingId(id, 'other'), id.replace(/ledger$/, 'other'))
  t.equal(cloudOf('ledger.documents.azure.cn', {})?.resourceManager, 'https://management.chinacloudapi.cn')
  t.equal(cloudOf('ledger.documents.azure.us', {})?.scope, 'https://management.usgovcloudapi.net/.default')
  t.equal(cloudOf('documents.azure.com.example.com', {}), undefined, 'a token goes to no other host')
  t.end()
})
