import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { readManifest } from '../../job/databases/dump/manifest.ts'
import { readVerified } from '../../job/databases/dump/read-verified.ts'
import { verifyDump } from '../../job/databases/dump/verify.ts'
import { volumeStorage } from '../../job/storage/volume/volume.ts'
import { writtenDump } from '../unit/job/databases/dump/written-dump.ts'
import { failureOf } from '../unit/job/failure-of.ts'

// The attacker: a pod that has the volume mounted as well, and acts while an operation works.

const { signal } = new AbortController()
const content = 'what was backed up'

async function verifiedDump(t: Test) {
  const root = t.testdir()
  const storage = volumeStorage(root, 'pvc://claim')
  const owner = { operation: 'backup-nightly', database: 'db' }
  const seal = await writtenDump(storage, 'nightly/db', owner, { 'dump/toc.dat': content })
  const dump = { storage, folder: 'nightly/db', title: 'db' }
  await verifyDump(storage, dump.folder, dump.title, seal, signal)
  return {
    file: join(root, 'nightly', 'db', 'dump', 'toc.dat'),
    seal,
    manifest: join(root, 'nightly', 'db', 'manifest.json'),
    reread: () => readManifest(storage, dump.folder, dump.title, seal),
    async read() {
      const { files } = await readManifest(storage, dump.folder, dump.title, seal)
      const [toc] = files
      if (toc === undefined) throw new Error('the manifest names no file')
      return await text(await readVerified(dump, toc))
    },
  }
}

t.test('what was verified is what is loaded', async (t) => {
  const { read } = await verifiedDump(t)
  t.equal(await read(), content)
})

t.test('a file that is swapped after the dump was verified is not loaded', async (t) => {
  const swapped: Record<string, { why: RegExp; text: string }> = {
    'of the same size': { why: /content of dump\/toc.dat has changed/, text: content.toUpperCase() },
    longer: { why: /more than 18 bytes/, text: `${content}; COPY x TO PROGRAM 'sh'` },
    shorter: { why: /has 4 bytes instead of 18/, text: 'what' },
    emptied: { why: /has 0 bytes instead of 18/, text: '' },
  }
  for (const [name, { why, text }] of Object.entries(swapped)) {
    const { file, read } = await verifiedDump(t)
    writeFileSync(file, text)
    t.match(await failureOf(read()), { what: 'the backup of db is damaged', why }, name)
  }
})

t.test('nor is another manifest, which would name what was swapped', async (t) => {
  const { manifest, reread } = await verifiedDump(t)
  writeFileSync(manifest, JSON.stringify({ version: 1, operation: 'backup-nightly', database: 'db', files: [] }))
  t.match(await failureOf(reread()), { why: /not the one that the backup's record tells of/ })
})

t.test('a manifest names no file outside its folder', async (t) => {
  const root = t.testdir({ nightly: { db: {} } })
  const storage = volumeStorage(root, 'pvc://claim')
  for (const path of ['../../../etc/passwd', '/etc/passwd', 'dump/../../other/toc.dat', '.', '']) {
    const text = JSON.stringify({
      version: 1,
      operation: 'o',
      database: 'db',
      files: [{ path, bytes: 1, sha256: '0'.repeat(64) }],
    })
    writeFileSync(join(root, 'nightly', 'db', 'manifest.json'), text)
    const sha256 = createHash('sha256').update(text).digest('hex')
    t.match(await failureOf(readManifest(storage, 'nightly/db', 'db', { sha256 })), { why: /no list of files/ }, path)
  }
})

t.test('a pipe in the place of a file neither blocks nor is read', async (t) => {
  const { file, read } = await verifiedDump(t)
  renameSync(file, `${file}.former`)
  execFileSync('mkfifo', [file])
  t.match(await failureOf(read()), { why: /named pipe/ })
})

t.test('a link above the folder of a backup leads nowhere', async (t) => {
  const root = t.testdir({ outside: { name: { 'record.json': '{}' } }, mount: {} })
  const mount = join(root, 'mount')
  symlinkSync(join(root, 'outside'), join(mount, 'ledger'))
  const storage = volumeStorage(join(mount, 'ledger'), 'pvc://claim/ledger', mount)
  t.match(await failureOf(storage.read('name/record.json')), { why: /symbolic link/ })
  t.match(await failureOf(storage.delete('name')), { why: /symbolic link/ })
})
