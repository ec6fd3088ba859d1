import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, symlinkSync } from 'node:fs'
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readText, replaceText } from '../../../../job/storage/text.ts'
import { listFiles } from '../../../../job/storage/volume/read.ts'
import { volumeStorage } from '../../../../job/storage/volume/volume.ts'
import { failureOf } from '../failure-of.ts'
import { damageIsFound } from './damaged.ts'
import { chunks, filesOf, storageConformance } from './storage-conformance.ts'

const asRoot = process.getuid?.() === 0
const { signal } = new AbortController()

/** An empty storage on a volume, and what lies in it hidden. */
function fresh(t: Test) {
  const root = join(t.testdir(), 'not', 'yet', 'there')
  const leftovers = async () =>
    existsSync(root)
      ? (await readdir(root, { recursive: true })).filter(
          (path) => path.endsWith('.partial') || path.includes('.partial/'),
        )
      : []
  return { root, storage: volumeStorage(root, 'pvc://claim/path'), leftovers }
}

t.test('a volume is a storage', (t) => storageConformance(t, fresh))
t.test('what a volume keeps may be damaged', (t) =>
  damageIsFound(t, (t) => {
    const { root, storage } = fresh(t)
    return { storage, damage: (path, content) => writeFile(join(root, path), content) }
  }),
)

t.test('what is being written is neither listed nor read', async (t) => {
  const { root, storage } = fresh(t)
  await mkdir(join(root, 'name', '.part-1.partial'), { recursive: true })
  await writeFile(join(root, 'name', '.part-1.partial', 'file'), 'half')
  t.strictSame(await filesOf(storage, ''), [])
  t.match(await failureOf(storage.read('name/.part-1.partial/file')), { why: /unfinished/ })
  t.match(await failureOf(storage.write('name/.other.partial', chunks('x'), signal)), { why: /unfinished/ })
})

t.test('what a killed worker left of a file goes with its folder', async (t) => {
  const { root, storage, leftovers } = fresh(t)
  await storage.write('name/file', chunks('x'), signal)
  await writeFile(join(root, 'name', '.other.12345678.partial'), 'half')
  t.strictSame(await filesOf(storage, 'name'), [{ path: 'name/file', bytes: 1 }])
  await storage.write('name/other', chunks('whole'), signal)
  await storage.delete('name')
  t.strictSame(await leftovers(), [])
})

t.test('whatever is neither file nor folder is refused by name', async (t) => {
  const outside = t.testdir({ secret: 'of the worker' })
  const planted: Record<string, { why: RegExp; plant(path: string): void }> = {
    link: { why: /symbolic link/, plant: (path) => symlinkSync(join(outside, 'secret'), path) },
    'link to a folder': { why: /symbolic link/, plant: (path) => symlinkSync(outside, path) },
    'dangling link': { why: /symbolic link/, plant: (path) => symlinkSync('nowhere', path) },
    pipe: { why: /named pipe/, plant: (path) => execFileSync('mkfifo', [path]) },
    ...(asRoot
      ? { device: { why: /device/, plant: (path: string) => execFileSync('mknod', [path, 'c', '1', '3']) } }
      : {}),
  }
  for (const [name, { why, plant }] of Object.entries(planted)) {
    const root = mkdtempSync(join(outside, 'volume-'))
    const storage = volumeStorage(root, 'pvc://claim')
    await storage.write('a/below/file', chunks('x'), signal)
    plant(join(root, 'a', 'below', name))
    t.match(await failureOf(storage.read(`a/below/${name}`)), { what: new RegExp(`a/below/${name}`), why })
    t.match(await failureOf(filesOf(storage, 'a')), { what: new RegExp(`a/below/${name}`), why })
    t.equal(await readText(storage, 'a/below/file'), 'x', 'its neighbour is read')
    await storage.delete('a')
    t.equal(existsSync(join(outside, 'secret')), true, 'a link goes, not what it leads to')
  }
})

t.test('no link on the way leads out of the volume', async (t) => {
  const outside = t.testdir({ folder: { 'record.json': '{}' } })
  const root = join(t.testdir({ folder: { 'record.json': '{}' }, volume: {} }), 'volume')
  symlinkSync(join(outside, 'folder'), join(root, 'name'))
  const storage = volumeStorage(root, 'pvc://claim')
  t.match(await failureOf(storage.read('name/record.json')), { why: /symbolic link/ })
  t.match(await failureOf(filesOf(storage, 'name')), { why: /symbolic link/ })
})

t.test('a folder with more files than any backup has is refused before its names fill the memory', async (t) => {
  const root = t.testdir({ full: { a: 'x', b: 'x', below: { c: 'x', d: 'x' } } })
  const listed = async (most: number) => {
    const paths: string[] = []
    for await (const { path } of listFiles({ root, title: 'pvc://claim' }, 'full', most)) paths.push(path)
    return paths
  }
  t.equal((await listed(5)).length, 4)
  t.match(await failureOf(listed(4)), {
    what: 'pvc://claim: full cannot be listed',
    why: 'more than 4 files and folders lie there, and a backup has far fewer',
    next: /who may write to the volume/,
  })
  await writeFile(join(root, 'full', 'below', 'e'), 'x')
  t.match(await failureOf(listed(5)), { why: /more than 5/ }, 'deep down as well')
})

t.test('the preflight tells of too little room', async (t) => {
  const { storage, leftovers } = fresh(t)
  const findings = await storage.preflight(2 ** 60, 'backup-1')
  t.match(
    findings.find((finding) => finding.outcome === 'error'),
    { check: 'free space', cure: /enlarge/ },
  )
  t.strictSame(await leftovers(), [])
})

t.test('a trial leaves not even the folder it needed', async (t) => {
  const folder = t.testdir()
  await volumeStorage(join(folder, 'a', 'b'), 'pvc://claim').preflight(1, 'backup-1')
  t.strictSame(await readdir(folder), [])
})

t.test('a full volume', { skip: asRoot ? false : 'mounting needs root' }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'volume-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', root])
  t.teardown(async () => {
    execFileSync('umount', [root])
    await rmdir(root)
  })
  const storage = volumeStorage(root, 'pvc://claim')
  t.match(await storage.preflight(1_000_000, 'backup-1'), [
    { outcome: 'ok' },
    { outcome: 'error', message: '64.0 KiB free, about 976.6 KiB needed at most' },
  ])
  const why = /no space is left/
  t.match(await failureOf(replaceText(storage, 'record.json', 'x'.repeat(100_000), signal)), { why })
  const content = chunks(...Array.from({ length: 100 }, () => 'x'.repeat(1000)))
  t.match(await failureOf(storage.write('file', content, signal)), { what: /file cannot be written/, why })
  t.ok(content.destroyed, 'nobody goes on producing')
  t.strictSame(await readdir(root), [])

  execFileSync('mount', ['-o', 'remount,ro', root])
  t.match(await storage.preflight(1, 'backup-1'), [{ outcome: 'error', message: /read-only/, cure: /ReadWrite/ }])
  t.match(await failureOf(storage.write('file', chunks('x'), signal)), { why: /read-only/ })
  t.match(await volumeStorage(join(root, 'a', 'b'), 'pvc://claim').preflight(1, 'backup-1'), [
    { outcome: 'error', message: /read-only/ },
  ])
})
