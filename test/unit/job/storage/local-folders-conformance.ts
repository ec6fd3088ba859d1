import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { LocalFolders } from '../../../../job/storage/local-folders.ts'
import type { Storage } from '../../../../job/storage/storage.ts'
import { readText, replaceText } from '../../../../job/storage/text.ts'
import { failureOf } from '../failure-of.ts'

/** What folders for tools must hold; `fresh` gives an empty storage, and `leftovers` lists what is unfinished in it. */
export async function localFoldersConformance(
  t: Test,
  fresh: (t: Test) => { storage: Storage & LocalFolders; leftovers(): Promise<string[]> },
): Promise<void> {
  await t.test('a folder is seen only when it is whole', async (t) => {
    const { storage, leftovers } = fresh(t)
    const stage = await storage.stage('deep/name/part-1')
    await mkdir(join(stage.path, 'below'))
    await writeFile(join(stage.path, 'below', 'file'), 'content')
    t.match(await failureOf(storage.open('deep/name/part-1')), { why: /never completed/ })
    await stage.publish()
    const opened = await storage.open('deep/name/part-1')
    t.equal(await readFile(join(opened.path, 'below', 'file'), 'utf8'), 'content')
    t.strictSame(await readdir(opened.path), ['below'])
    await opened.release()
    t.strictSame(await leftovers(), [])
  })

  await t.test('several dumps of one backup may be begun at once', async (t) => {
    const { storage } = fresh(t)
    for (let backup = 1; backup <= 20; backup += 1) {
      const stages = await Promise.all([1, 2, 3, 4].map((part) => storage.stage(`place-${backup}/backup/part-${part}`)))
      for (const stage of stages) await stage.publish()
    }
  })

  await t.test('a published folder never changes', async (t) => {
    const { storage } = fresh(t)
    await (await storage.stage('one')).publish()
    t.match(await failureOf(storage.stage('one')), { why: /already/ })
  })

  await t.test('what a killed run left of a folder is gone from the next', async (t) => {
    const { storage } = fresh(t)
    await writeFile(join((await storage.stage('one')).path, 'old'), '')
    const again = await storage.stage('one')
    t.strictSame(await readdir(again.path), [])
    await again.publish()
  })

  await t.test('a discarded folder leaves nothing', async (t) => {
    const { storage, leftovers } = fresh(t)
    const stage = await storage.stage('one')
    await writeFile(join(stage.path, 'file'), '')
    await stage.discard()
    t.strictSame(await leftovers(), [])
    await failureOf(storage.open('one'))
  })

  await t.test('removing takes published, unfinished and absent folders', async (t) => {
    const { storage, leftovers } = fresh(t)
    const stage = await storage.stage('name/published')
    await writeFile(join(stage.path, 'file'), '')
    await stage.publish()
    await storage.stage('name/unfinished')
    await replaceText(storage, 'name/record.json', '{}', new AbortController().signal)
    await storage.delete('name/published')
    await failureOf(storage.open('name/published'))
    t.equal(await readText(storage, 'name/record.json'), '{}', 'its neighbour is still there')
    await storage.delete('name/unfinished')
    await storage.delete('nothing')
    await storage.delete('name')
    t.equal(await readText(storage, 'name/record.json'), undefined)
    t.strictSame(await leftovers(), [])
  })
}
