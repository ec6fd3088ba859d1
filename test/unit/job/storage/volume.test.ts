import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { readdir, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { volumeStorage } from '../../../../job/storage/volume.ts'
import { failureOf } from '../failure-of.ts'
import { storageConformance } from './storage-conformance.ts'

t.test('a volume is a storage', (t) =>
  storageConformance(t, (t) => {
    const root = join(t.testdir(), 'not', 'yet', 'there')
    return {
      storage: volumeStorage(root, 'pvc://claim/path'),
      leftovers: async () =>
        existsSync(root)
          ? (await readdir(root, { recursive: true })).filter((path) => path.includes('/.') || path.startsWith('.'))
          : [],
    }
  }),
)

t.test('a trial leaves not even the folder it needed', async (t) => {
  const folder = t.testdir()
  await volumeStorage(join(folder, 'a', 'b'), 'pvc://claim').preflight(1)
  t.strictSame(await readdir(folder), [])
})

t.test('a full volume', { skip: process.getuid?.() === 0 ? false : 'mounting needs root' }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'volume-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', root])
  t.teardown(async () => {
    execFileSync('umount', [root])
    await rmdir(root)
  })
  const storage = volumeStorage(root, 'pvc://claim')
  t.match(await storage.preflight(1_000_000), [
    { outcome: 'ok' },
    { outcome: 'error', message: '64.0 KiB free, about 976.6 KiB needed at most' },
  ])
  const stage = await storage.stage('one')
  await t.rejects(writeFile(join(stage.path, 'file'), Buffer.alloc(100_000)), { code: 'ENOSPC' })
  t.match(await failureOf(storage.writeFile('record.json', 'x'.repeat(100_000))), { why: /no space is left/ })
  await stage.discard()
  t.strictSame(await readdir(root), [])

  execFileSync('mount', ['-o', 'remount,ro', root])
  t.match(await storage.preflight(1), [{ outcome: 'error', message: /read-only/, cure: /ReadWrite/ }])
  t.match(await failureOf(storage.stage('one')), { why: /read-only/ })
  t.match(await volumeStorage(join(root, 'a', 'b'), 'pvc://claim').preflight(1), [
    { outcome: 'error', message: /read-only/ },
  ])
})
