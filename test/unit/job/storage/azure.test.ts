import {
  BlobServiceClient,
  ContainerSASPermissions,
  StorageSharedKeyCredential,
  type ContainerGenerateSasUrlOptions,
} from '@azure/storage-blob'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import t, { type Test } from 'tap'
import { objectLocation, type AzureLocation } from '../../../../operation/storage/object-location.ts'
import { azureStorage } from '../../../../job/storage/azure/azure.ts'
import { readText } from '../../../../job/storage/text.ts'
import { startAzure } from '../../../stand-ins/azure/azure.ts'
import { serviceAccountToken } from '../../../stand-ins/azure/identity/tokens.ts'
import { startAzurite } from '../../../stand-ins/azurite/azurite.ts'
import { makeCertificates } from '../../../stand-ins/ledger/release/certificates.ts'
import { failureOf } from '../failure-of.ts'
import { damageIsFound } from './damaged.ts'
import { serviceInFront } from './service-in-front.ts'
import { chunks, filesOf, storageConformance } from './storage-conformance.ts'
import { storeFaults } from './store-faults.ts'

const { signal } = new AbortController()
const patience = { retryMs: 30_000, silentMs: 10_000, preflightRetryMs: 2_000 }
/** On a bad line: long enough for a busy machine, since only what never answers is waited for. */
const impatience = { retryMs: 10_000, silentMs: 2_000, preflightRetryMs: 2_000 }

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
t.test('what a container keeps may be damaged', (t) =>
  damageIsFound(t, async (t) => {
    const { container, storage } = await fresh(t)
    const blob = (path: string) => container.getBlockBlobClient(`a/prefix/${path}`)
    return { storage, damage: (path, content) => blob(path).upload(content, content.length) }
  }),
)
t.test('Azure and its faults', (t) =>
  storeFaults(t, (t, line) => fresh(t, line === undefined ? {} : { ...line, patience: impatience })),
)

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
    t.match(await storage.preflight(1, 'backup-1'), [
      { check: 'storage', outcome: 'error', message: why, cure: String },
    ])
  }
  t.match(await failureOf(storage.write('a\\b', chunks('x'), signal)), { why: /backslash/ })
  t.match(await failureOf(readText(wrongKey, 'file')), { why: /does not accept/ })
  t.match(await failureOf(filesOf(wrongKey, '')), { why: /does not accept/ })
})

t.test('who may not write, or not remove, is told so before a backup, and who may read, reads', async (t) => {
  const { container, leftovers, location, storage } = await fresh(t)
  await storage.write('a/file', chunks('x'), signal)
  /** By a token that may do no more than this: r(ead), a(dd), c(reate), w(rite), d(elete), l(ist). */
  const allowed = async (permissions: string) => {
    const secrets = secretFolder(t, undefined)
    const token = await container.generateSasUrl({
      permissions: ContainerSASPermissions.parse(permissions),
      startsOn: new Date(Date.now() - 3_600_000),
      expiresOn: new Date(Date.now() + 3_600_000),
    })
    writeFileSync(join(secrets, 'AZURE_STORAGE_SAS_TOKEN'), new URL(token).search)
    return azureStorage(location, secrets, { ...patience, preflightRetryMs: patience.retryMs })
  }
  const refusal = { why: /these credentials may not do that/, next: /read, write, list and delete/ }
  const finding = { check: 'storage', outcome: 'error', message: refusal.why, cure: refusal.next }
  const reader = await allowed('rl')
  t.match(await reader.preflight(1, 'backup-1'), [finding])
  for (const content of [chunks('y'), chunks(...Array.from({ length: 90 }, () => 'y'.repeat(100_000)))]) {
    t.match(await failureOf(reader.write('other', content, signal)), { ...refusal, what: /other cannot be written/ })
    t.ok(content.destroyed, 'nobody goes on producing')
  }
  t.match(await failureOf(reader.replace('a/file', chunks('y'), signal)), refusal)
  t.match(await failureOf(reader.delete('a')), { ...refusal, what: /a cannot be removed/ })
  t.equal(await readText(reader, 'a/file'), 'x')
  t.strictSame(await filesOf(reader, ''), [{ path: 'a/file', bytes: 1 }])
  t.strictSame(await leftovers(), [])

  t.match(await (await allowed('wl')).preflight(1, 'backup-1'), [finding], 'who may not read')
  t.match(await (await allowed('racw')).preflight(1, 'backup-1'), [finding], 'who may not list')
  t.match(await (await allowed('racwdl')).preflight(1, 'backup-1'), [{ outcome: 'ok' }])
  t.strictSame(await leftovers(), [])
  t.match(await (await allowed('racwl')).preflight(1, 'backup-1'), [finding], 'who may not remove')
})

t.test("a pod's own identity writes and reads, and one that Entra ID does not know is told", async (t) => {
  const certificates = await makeCertificates(['localhost', '127.0.0.1'])
  // As pods trust it by NODE_EXTRA_CA_CERTS.
  setDefaultCACertificates([...getCACertificates('default'), certificates.ca])
  const entra = await startAzure({
    certificates,
    settings: {
      identities: {
        worker: { tenant: 'tenant', issuer: '*', subject: 'system:serviceaccount:ledger:scalardl-worker' },
      },
    },
  })
  t.teardown(() => entra.stop())
  const server = await startAzurite(certificates)
  t.teardown(() => server.stop())
  const admin = new BlobServiceClient(server.endpoint, new StorageSharedKeyCredential(server.account, server.key))
  await admin.getContainerClient('backups').create()
  const folder = mkdtempSync(join(tmpdir(), 'token-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const token = join(folder, 'token')
  const identity = {
    AZURE_TENANT_ID: 'tenant',
    AZURE_CLIENT_ID: 'worker',
    AZURE_FEDERATED_TOKEN_FILE: token,
    AZURE_AUTHORITY_HOST: entra.endpoint,
  }
  Object.assign(process.env, identity)
  t.teardown(() => Object.keys(identity).forEach((name) => delete process.env[name]))
  const location = objectLocation('azblob', server.account, ['backups', 'a'], `endpoint=${server.endpoint}`)
  if (location.kind !== 'azblob') throw new Error('no location of Azure')

  writeFileSync(token, serviceAccountToken('ledger', 'scalardl-worker'))
  const storage = azureStorage(location, undefined, patience)
  t.strictSame(
    (await storage.preflight(1, 'backup-1')).filter(({ outcome }) => outcome !== 'ok'),
    [],
  )
  await storage.write('file', chunks('x'.repeat(9_000_000), 'end'), signal)
  t.equal((await readText(storage, 'file'))?.length, 9_000_003)

  writeFileSync(token, serviceAccountToken('ledger', 'default'))
  const stranger = azureStorage(location, undefined, patience)
  const refusal = { why: /does not accept the identity.*AADSTS700213/s }
  t.match(await failureOf(stranger.write('other', chunks('x'), signal)), refusal)
  t.match(await stranger.preflight(1, 'backup-1'), [
    { outcome: 'error', message: refusal.why, cure: /federated credential/ },
  ])
})

// azurite has no immutable storage: what is in front of it answers as Microsoft's REST API says.
t.test('what a policy or a legal hold keeps is told before anything of it goes', async (t) => {
  const { location, storage } = await fresh(t)
  await storage.write('a/record.json', chunks('x'), signal)
  await storage.write('a/db/rows', chunks('x'), signal)
  await storage.write('b/record.json', chunks('x'), signal)
  const until = new Date(Date.now() + 3_600_000)
  const holds: Record<string, Record<string, string>> = {
    '/a/record.json': { 'x-ms-immutability-policy-until-date': until.toUTCString() },
    '/a/db/rows': { 'x-ms-immutability-policy-until-date': new Date(0).toUTCString() },
    '/b/record.json': { 'x-ms-legal-hold': 'true' },
  }
  const deletions: string[] = []
  const front = await serviceInFront(
    t,
    server.endpoint,
    ({ method, url = '' }) => {
      if (method !== 'DELETE') return undefined
      deletions.push(url)
      return { status: 409, code: 'BlobImmutableDueToPolicy', message: 'This operation is not permitted.' }
    },
    ({ method, url = '' }) =>
      (method === 'HEAD' ? Object.entries(holds).find(([path]) => url.includes(`/prefix${path}`))?.[1] : undefined) ??
      {},
  )
  const options = { ...location.options, endpoint: `${front}${new URL(server.endpoint).pathname}` }
  const kept = azureStorage({ ...location, options }, secretFolder(t, server.key), patience)
  t.strictSame(await kept.held?.('a'), { files: 1, until: new Date(Math.floor(+until / 1000) * 1000).toISOString() })
  t.strictSame(await kept.held?.('b'), { files: 1 })
  t.equal(await kept.held?.('c'), undefined)
  t.match(await failureOf(kept.delete('a')), {
    why: /immutability policy or a legal hold keeps it/,
    next: /--keep-data/,
  })
  t.equal(deletions.length, 1, 'the record is the first to go, so the backup is whole')
})

t.test('a container that keeps whatever is written is refused before anything is', async (t) => {
  const { container, location } = await fresh(t)
  const withContainer = async (headers: Record<string, string>) => {
    const isContainer = (url = '') => url.includes('restype=container') && !url.includes('comp=list')
    const answers = ({ url }: { url?: string | undefined }) => (isContainer(url) ? headers : {})
    const front = await serviceInFront(t, server.endpoint, () => undefined, answers)
    const options = { ...location.options, endpoint: `${front}${new URL(server.endpoint).pathname}` }
    const storage = azureStorage({ ...location, options }, secretFolder(t, server.key), patience)
    return await storage.preflight(1, 'backup-1')
  }
  const refused = (message: RegExp) => [{ check: 'storage', outcome: 'error', message, cure: /version-level/ }]
  const policy = { 'x-ms-has-immutability-policy': 'true', 'x-ms-has-legal-hold': 'false' }
  t.match(await withContainer(policy), refused(/an immutability policy/))
  t.match(
    await withContainer({ 'x-ms-has-immutability-policy': 'false', 'x-ms-has-legal-hold': 'true' }),
    refused(/a legal hold/),
  )
  const versions = { ...policy, 'x-ms-immutable-storage-with-versioning-enabled': 'true' }
  t.match(await withContainer(versions), [{ outcome: 'ok' }])
  const names: string[] = []
  for await (const { name } of container.listBlobsFlat()) names.push(name)
  t.strictSame(names, [])
})

t.test('a token that has expired is told, and one that is put in its place in the midst of a write used', async (t) => {
  const { container, location } = await fresh(t)
  const startsOn = new Date(Date.now() - 3_600_000)
  const inAnHour = new Date(Date.now() + 3_600_000)
  const policy = (id: string) => ({ id, accessPolicy: { startsOn, expiresOn: inAnHour, permissions: 'racwdl' } })
  const secrets = secretFolder(t, undefined)
  const put = async (options: ContainerGenerateSasUrlOptions) =>
    writeFileSync(
      join(secrets, 'AZURE_STORAGE_SAS_TOKEN'),
      new URL(await container.generateSasUrl({ startsOn, ...options })).search,
    )
  const permissions = ContainerSASPermissions.parse('racwdl')
  await put({ permissions, expiresOn: new Date(Date.now() - 60_000) })
  const storage = azureStorage(location, secrets, patience)
  const refusal = { why: /a token has expired/, next: /Secret/ }
  t.match(await failureOf(storage.write('file', chunks('x'), signal)), refusal)
  await container.setAccessPolicy(undefined, [policy('first'), policy('second')])
  await put({ identifier: 'first' })
  const half = 'x'.repeat(9_000_000)
  const content = async function* () {
    yield Buffer.from(half)
    await put({ identifier: 'second' })
    await container.setAccessPolicy(undefined, [policy('second')])
    yield Buffer.from(half)
  }
  await storage.write('file', Readable.from(content()), signal)
  t.equal((await readText(storage, 'file'))?.length, 18_000_000)
})

t.test('blobs are of the tier that the location names, whatever their size', async (t) => {
  const { container, location } = await fresh(t)
  const tiers = { Cool: { 'access-tier': 'Cool' as const }, Cold: { 'access-tier': 'Cold' as const }, Hot: {} }
  for (const [tier, named] of Object.entries(tiers)) {
    const options = { ...location.options, ...named }
    const storage = azureStorage({ ...location, options }, secretFolder(t, server.key), patience)
    await storage.write(`${tier}/small`, chunks('x'), signal)
    await storage.write(`${tier}/large`, chunks(...Array.from({ length: 90 }, () => 'x'.repeat(100_000))), signal)
    for (const name of ['small', 'large']) {
      const { accessTier } = await container.getBlobClient(`a/prefix/${tier}/${name}`).getProperties()
      t.equal(accessTier, tier, name)
    }
  }
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
