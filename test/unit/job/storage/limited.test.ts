import { Readable } from 'node:stream'
import t from 'tap'
import { limited } from '../../../../job/storage/limited.ts'
import { readText } from '../../../../job/storage/text.ts'
import { volumeStorage } from '../../../../job/storage/volume/volume.ts'
import { failureOf } from '../failure-of.ts'
import { chunks, filesOf } from './storage-conformance.ts'

const { signal } = new AbortController()

t.test('all streams together are no faster than the limit', async (t) => {
  const plain = volumeStorage(t.testdir(), 'pvc://test')
  t.equal(limited(plain, undefined), plain)
  const storage = limited(plain, 1_000_000)
  const from = performance.now()
  const content = () => chunks(...Array.from({ length: 10 }, () => 'x'.repeat(10_000)))
  await Promise.all(['a', 'b', 'c'].map((path) => storage.write(path, content(), signal)))
  // Timers may end a millisecond early.
  t.ok(performance.now() - from > 270, 'writing 300 KB')
  t.equal((await filesOf(storage, '')).length, 3)
  const later = performance.now()
  t.equal((await readText(storage, 'a'))?.length, 100_000)
  t.ok(performance.now() - later > 70, 'reading 100 KB')
  t.equal(await storage.read('missing'), undefined)
})

t.test('what is refused or fails behaves as without a limit', async (t) => {
  const storage = limited(volumeStorage(t.testdir(), 'pvc://test'), 1e9)
  await storage.write('a', chunks('former'), signal)
  for (const path of ['a', '../a']) {
    const refused = chunks('new')
    t.match(await failureOf(storage.write(path, refused, signal)), { what: String })
    t.ok(refused.destroyed, 'nobody has to wait for its reader')
  }
  const failing = Readable.from(
    (async function* () {
      yield Buffer.alloc(100_000)
      throw new Error('the database went away')
    })(),
  )
  await t.rejects(storage.replace('a', failing, signal), { message: 'the database went away' })
  t.equal(await readText(storage, 'a'), 'former')
})
