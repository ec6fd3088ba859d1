import { join } from 'node:path'
import { rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { distFolder } from '../../../build/project.ts'
import { hashOf, unlessMade } from '../../../build/up-to-date.ts'

t.test('a product is made again only when it is gone or its inputs changed', async (t) => {
  const product = join(t.testdir(), `product-of-test-${process.pid}`)
  t.teardown(() => rmSync(join(distFolder, '.made-of', `product-of-test-${process.pid}`), { force: true }))
  const make = () => Promise.resolve(writeFileSync(product, 'made'))
  t.ok(await unlessMade(product, 'one', make))
  t.notOk(await unlessMade(product, 'one', make))
  t.ok(await unlessMade(product, 'two', make))
  rmSync(product)
  t.ok(await unlessMade(product, 'two', make))
})

t.test('a hash tells texts and files apart', async (t) => {
  const folder = t.testdir({ a: 'a' })
  const hashes = [
    await hashOf({ texts: ['ab', 'c'] }),
    await hashOf({ texts: ['a', 'bc'] }),
    await hashOf({ files: [join(folder, 'a')] }),
  ]
  t.equal(new Set(hashes).size, 3)
})
