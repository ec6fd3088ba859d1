import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { objectLocation, type AzureLocation } from '../../../../operation/storage/object-location.ts'
import { azureStorage } from '../../../../job/storage/azure/azure.ts'
import { readText } from '../../../../job/storage/text.ts'
import { startAzurite } from '../../../stand-ins/azurite/azurite.ts'
import { failureOf } from '../failure-of.ts'
import { chunks, filesOf, storageConformance } from './storage-conformance.ts'
import { storeFaults } from './store-faults.ts'

const { signal } = new AbortController()
const patience = { retryMs: 30_000, silentMs: 10_000, preflightRetryMs: 2_000 }
const impatience = { retryMs: 5_000, silentMs: 1_000, preflightRetryMs: 2_000 }

const server = await startAzurite()
t.teardown(() => server.stop())
const service = new BlobServiceClient(server.endpoint, new StorageSharedKeyCredential(server.account, server.key))
let containers = 0

/** A backslash becomes a slash; and azurite orders names by UTF-16, what Azure does nobody has written down. */
const strange = (path: string) => path.includes('\\') || path.includes('\u{1F600}')

/** An empty storage below a path of a container of its own. */
async function fresh(t: Test, { endpoint = server.endpoint, patience: given = patience } = {}) {
  containers += 1
  const name = `container-${containers}`
  const container = service.getContainerClient(name)
  await container.create()
  const location = locationOf(name, endpoint)
  const storage = azureStorage(location, secretFolder(t, server.key), given)
  const leftovers = async () => {
    const names: string[] = []
    const seen = (await filesOf(storage, '')).map(({ path }) => `a/prefix/${path}`)
    for await (const { name } of container.listBlobsFlat({ includeUncommitedBlobs: true })) names.push(name)
    return names.filter((name) => !seen.includes(name))
  }
  const begin = async (path: string) => {
    const blob = container.getBlockBlobClient(`a/prefix/${path}`)
    await blob.stageBlock(Buffer.from(`${randomUUID()}-000001`).toString('base64'), 'half', 4)
  }
  return { begin, container, endpoint, location, storage, leftovers }
}

t.test('a container is a storage', (t) =>
  storageConformance(t, fresh, { mostBuffers: 40 << 20, manyFiles: 100, strange }),
)
t.test('Azure and its faults', (t) => storeFaults(t, (t, options) => fresh(t, { ...options, patience: impatience })))

t.test('wrong credentials and containers are told in plain words', async (t) => {
  const { location, storage } = await fresh(t)
  await storage.write('file', chunks('x'), signal)
  const wrongKey = azureStorage(location, secretFolder(t, Buffer.from('wrong').toString('base64')), patience)
  const cases = [
    { storage: wrongKey, why: /does not accept the credentials/ },
    {
      storage: azureStorage({ ...location, container: 'missing' }, secretFolder(t, server.key), patience),
      why: /no such container/,
    },
    { storage: azureStorage(location, secretFolder(t, undefined), patience), why: /AZURE_STORAGE_KEY/ },
  ]
  for (const { storage, why } of cases) {
    const content = chunks('x')
    t.match(await failureOf(storage.write('other', content, signal)), { why })
    t.ok(content.destroyed)
    t.match(await storage.preflight(1), [{ check: 'storage', outcome: 'error', message: why, cure: String }])
  }
  t.match(await failureOf(storage.write('a\\b', chunks('x'), signal)), { why: /backslash/ })
  t.match(await failureOf(readText(wrongKey, 'file')), { why: /does not accept/ })
  t.match(await failureOf(filesOf(wrongKey, '')), { why: /does not accept/ })
})

function locationOf(container: string, endpoint: string): AzureLocation {
  const query = `endpoint=${endpoint}&secret=some`
  const location = objectLocation('azblob', server.account, [container, 'a', 'prefix'], query)
  if (location.kind !== 'azblob') throw new Error('no location of Azure')
  return location
}

/** A Secret as the kubelet mounts it. */
function secretFolder(t: Test, key: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'secret-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  if (key !== undefined) writeFileSync(join(folder, 'AZURE_STORAGE_KEY'), key)
  return folder
}
