import t from 'tap'
import { operationOf } from '../../../../job/azure/long-operation.ts'

const endpoint = 'https://management.azure.com'
const operation = '/subscriptions/s/providers/Microsoft.DocumentDB/locations/westus/operationsStatus/1?api-version=2024'

function following(url: string) {
  return operationOf({ status: 202, headers: { 'azure-asyncoperation': url }, body: undefined }, endpoint)
}

t.test('an operation is followed wherever the same service names it', async (t) => {
  for (const base of [endpoint, `${endpoint}:443`, 'https://MANAGEMENT.azure.com'])
    t.strictSame(following(`${base}${operation}`), { url: `${base}${operation}`, answers: 'status' }, base)
})

t.test('a token goes to nobody else, whatever an answer says', async (t) => {
  for (const base of [
    'http://management.azure.com',
    'https://management.azure.com.example.org',
    'https://management.azure.com:8443',
    'https://management.azure.com@example.org',
    'nowhere',
  ])
    t.equal(following(`${base}${operation}`), undefined, base)
})
