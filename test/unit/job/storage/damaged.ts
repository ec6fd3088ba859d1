import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import { readManifest } from '../../../../job/databases/dump/manifest.ts'
import { readVerified } from '../../../../job/databases/dump/read-verified.ts'
import { verifyDump } from '../../../../job/databases/dump/verify.ts'
import type { Storage } from '../../../../job/storage/storage.ts'
import { writtenDump } from '../databases/dump/written-dump.ts'
import { failureOf } from '../failure-of.ts'

const { signal } = new AbortController()
const of = { operation: 'backup-a', database: 'postgresql://db/ledger' }
const mebibyte = 1 << 20

type Fresh = (t: Test) => Promise<Damageable> | Damageable
interface Damageable {
  storage: Storage
  /** puts content in the place of a file, as nobody does who writes by the storage */
  damage(path: string, content: Buffer): Promise<unknown>
}

/**
 * What a store keeps may change: whatever it is, a verification calls it damage, and so does a read that comes later.
 * @param fresh gives an empty storage
 */
export async function damageIsFound(t: Test, fresh: Fresh): Promise<void> {
  const { storage, damage } = await fresh(t)
  const small = Buffer.from('contents')
  // Several parts of an object store.
  const large = Buffer.alloc(20 * mebibyte, 'row ')
  const seal = await writtenDump(storage, 'a/db', of, { small, 'rows/large': large })
  const { files } = await readManifest(storage, 'a/db', 'db', seal)
  const verify = () => verifyDump(storage, 'a/db', 'db', seal, signal)
  const read = async (path: string) => {
    const file = files.find((one) => one.path === path)
    if (file === undefined) throw new Error(`no ${path}`)
    return await buffer(await readVerified({ storage, folder: 'a/db', title: 'db' }, file))
  }
  const flipped = (content: Buffer, at: number) => {
    const changed = Buffer.from(content)
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
    return changed
  }
  const cases: [path: string, what: string, whole: Buffer, damaged: Buffer, why: RegExp][] = [
    ['small', 'flipped', small, flipped(small, 3), /content of small has changed/],
    ['small', 'cut', small, small.subarray(0, -1), /small has 7 bytes instead of 8/],
    ['small', 'empty', small, Buffer.alloc(0), /small has 0 bytes instead of 8/],
    ['rows/large', 'flipped at its end', large, flipped(large, large.length - 1), /content of rows\/large has changed/],
    ['rows/large', 'flipped where parts meet', large, flipped(large, 8 * mebibyte), /content of rows\/large has/],
    ['rows/large', 'cut', large, large.subarray(0, 8 * mebibyte), /rows\/large has 8388608 bytes instead of 20971520/],
    ['rows/large', 'longer', large, Buffer.concat([large, small]), /rows\/large has (more|20971528)/],
  ]
  await verify()
  for (const [path, what, whole, damaged, why] of cases) {
    await damage(`a/db/${path}`, damaged)
    t.match(await failureOf(verify()), { what: 'the backup of db is damaged', why }, `${path} ${what}`)
    t.match(await failureOf(read(path)), { what: 'the backup of db is damaged', why }, `${path} ${what}, read`)
    await damage(`a/db/${path}`, whole)
  }
  await verify()
  t.ok((await read('rows/large')).equals(large))
}
