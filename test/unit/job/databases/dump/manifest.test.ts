import { createHash } from 'node:crypto'
import { appendFile, cp, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readOwner } from '../../../../../job/databases/dump/manifest.ts'
import { verifyDump } from '../../../../../job/databases/dump/verify.ts'
import { volumeStorage } from '../../../../../job/storage/volume/volume.ts'
import { failureOf } from '../../failure-of.ts'
import { writtenDump } from './written-dump.ts'

const { signal } = new AbortController()
const of = { operation: 'backup-a', database: 'postgresql://db/ledger' }

/** A published dump, its manifest sealed. */
async function dumped(t: Test) {
  const root = t.testdir()
  const storage = volumeStorage(root, 'pvc://claim')
  const files = { 'dump/toc.dat': 'contents', 'dump/1.dat': Buffer.alloc(3_000_000, 'x') }
  const seal = await writtenDump(storage, 'a/db', of, files)
  return {
    storage,
    folder: join(root, 'a', 'db'),
    seal,
    verify: () => verifyDump(storage, 'a/db', 'db', seal, signal),
  }
}

t.test('what was dumped is verified, and whose it is', async (t) => {
  const { storage, verify } = await dumped(t)
  await verify()
  t.match(await readOwner(storage, 'a/db'), of)
  t.equal(await readOwner(storage, 'a/other'), undefined)
})

t.test('every damage is named', async (t) => {
  const damages: [RegExp, (folder: string) => Promise<unknown>][] = [
    [/manifest.json is missing/, (folder) => rm(join(folder, 'manifest.json'))],
    [/not the one that the backup's record/, (folder) => appendFile(join(folder, 'manifest.json'), '\n')],
    [/dump\/1.dat is missing/, (folder) => rm(join(folder, 'dump', '1.dat'))],
    [/dump\/1.dat has 3000001 bytes instead of 3000000/, (folder) => appendFile(join(folder, 'dump', '1.dat'), 'x')],
    [
      /content of dump\/1.dat has changed/,
      (folder) => writeFile(join(folder, 'dump', '1.dat'), `${'x'.repeat(2_999_999)}y`),
    ],
    [/dump\/more was not part/, (folder) => writeFile(join(folder, 'dump', 'more'), '')],
    [/symbolic link/, (folder) => symlink('toc.dat', join(folder, 'dump', 'more'))],
    [
      /symbolic link/,
      async (folder) => {
        await cp(join(folder, 'dump'), join(folder, '..', 'elsewhere'), { recursive: true })
        await rm(join(folder, 'dump'), { recursive: true })
        await symlink('../elsewhere', join(folder, 'dump'))
      },
    ],
  ]
  for (const [why, damage] of damages) {
    const { folder, verify } = await dumped(t)
    await damage(folder)
    t.match(await failureOf(verify()), { why })
  }
})

t.test('a dump of version 0.1', async (t) => {
  const content = 'contents of a dump'
  const manifest = `{
 "version": 1,
 "operation": "backup-nightly",
 "database": "postgresql://db:5432/ledger",
 "files": [
  {
   "path": "dump/toc.dat",
   "bytes": ${content.length},
   "sha256": "${sha256(content)}"
  }
 ]
}
`
  const root = t.testdir({ nightly: { 'postgresql-1': { 'manifest.json': manifest, dump: { 'toc.dat': content } } } })
  const storage = volumeStorage(root, 'pvc://claim')
  await verifyDump(storage, 'nightly/postgresql-1', 'db', { sha256: sha256(manifest) }, signal)
  t.match(await readOwner(storage, 'nightly/postgresql-1'), { operation: 'backup-nightly' })
})

t.test('told to stop, it stops', async (t) => {
  const { storage, seal } = await dumped(t)
  const stopped = AbortSignal.abort(new Error('told to stop'))
  await t.rejects(verifyDump(storage, 'a/db', 'db', seal, stopped))
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
