import { Readable } from 'node:stream'
import t from 'tap'
import { claimFolder, sealFolder } from '../../../../../job/databases/dump/own-folder.ts'
import { readOwner } from '../../../../../job/databases/dump/manifest.ts'
import { verifyDump } from '../../../../../job/databases/dump/verify.ts'
import { volumeStorage } from '../../../../../job/storage/volume/volume.ts'
import { failureOf } from '../../failure-of.ts'

const { signal } = new AbortController()
const own = { operation: 'backup-a', database: 'mysql://db:3306' }

t.test('a folder belongs to one dump, half or whole', async (t) => {
  const storage = volumeStorage(t.testdir(), 'pvc://test')
  const write = (path: string) => storage.write(`a/db/${path}`, Readable.from([Buffer.from('rows')]), signal)
  const list = async () => {
    const paths: string[] = []
    for await (const { path } of storage.list('a')) paths.push(path)
    return paths
  }
  await claimFolder(storage, 'a/db', own)
  await write('1')
  t.match(await failureOf(claimFolder(storage, 'a/db', { ...own, operation: 'backup-b' })), { what: /./, next: /./ })
  t.match(await failureOf(claimFolder(storage, 'a/db', { ...own, database: 'other' })), { what: /./, next: /./ })
  t.strictSame(await list(), ['a/db/1', 'a/db/manifest.json'], "nobody's else is touched")

  await claimFolder(storage, 'a/db', own)
  t.strictSame(await list(), ['a/db/manifest.json'], 'what a killed run left is removed')
  const seal = await sealFolder(storage, 'a/db', own, [{ path: '1', ...(await write('1')) }], signal)
  t.match(await readOwner(storage, 'a/db'), own)
  await verifyDump(storage, 'a/db', 'db', seal, signal)
})

t.test('a folder whose manifest cannot be read is not taken for one without', async (t) => {
  const storage = volumeStorage(t.testdir(), 'pvc://test')
  await claimFolder(storage, 'a/db', own)
  const mute = { ...storage, read: () => Promise.reject(new Error('no answer')) }
  await t.rejects(readOwner(mute, 'a/db'), { message: 'no answer' })
})
