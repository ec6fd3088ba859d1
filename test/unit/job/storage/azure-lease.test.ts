import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { azureStorage } from '../../../../job/storage/azure/azure.ts'
import { objectLocation } from '../../../../operation/storage/object-location.ts'
import { startAzurite } from '../../../stand-ins/azurite/azurite.ts'
import { failureOf } from '../failure-of.ts'
import { chunks, filesOf } from './storage-conformance.ts'

t.test('what somebody has a lease on is told before anything of it goes', async (t) => {
  const server = await startAzurite()
  t.teardown(() => server.stop())
  const service = new BlobServiceClient(server.endpoint, new StorageSharedKeyCredential(server.account, server.key))
  await service.getContainerClient('leased').create()
  const secrets = t.testdir()
  writeFileSync(join(secrets, 'AZURE_STORAGE_KEY'), server.key)
  const location = objectLocation('azblob', server.account, ['leased', 'a'], `endpoint=${server.endpoint}`)
  if (location.kind !== 'azblob') throw new Error('another kind')
  const storage = azureStorage(location, secrets, { retryMs: 30_000, silentMs: 10_000, preflightRetryMs: 2_000 })
  const { signal } = new AbortController()
  await storage.write('one/record.json', chunks('x'), signal)
  await storage.write('one/db/rows', chunks('x'), signal)
  t.equal(await storage.held?.('one'), undefined)

  const lease = service.getContainerClient('leased').getBlobClient('a/one/record.json').getBlobLeaseClient()
  await lease.acquireLease(-1)
  t.strictSame(await storage.held?.('one'), { files: 1 })
  const told = { why: /somebody has a lease on the blob/, next: /break the lease/ }
  t.match(await failureOf(storage.delete('one')), told)
  t.match(await failureOf(storage.replace('one/record.json', chunks('y'), signal)), told)
  t.equal((await filesOf(storage, 'one')).length, 2, 'the record is the first to go, so the backup is whole')

  await lease.breakLease(0)
  t.equal(await storage.held?.('one'), undefined)
  await storage.delete('one')
  t.strictSame(await filesOf(storage, 'one'), [])
})
