import { readFileSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { formatManifest } from '../../../job/databases/dump/manifest.ts'
import { readDetails } from '../../../job/databases/dynamodb/details.ts'
import { isTemporaryName, temporaryName } from '../../../job/databases/dynamodb/scalardb/restored-names.ts'
import { imported } from '../../../job/operations/import.ts'
import { proveOwnership } from '../../../job/operations/backup/prove-ownership.ts'
import { volumeStorage } from '../../../job/storage/volume/volume.ts'
import { parseLocation } from '../../../operation/location.ts'
import { newRecord, parseRecord, type DatabaseBackup, type OperationRecord } from '../../../operation/record.ts'
import { writtenDump } from '../../unit/job/databases/dump/written-dump.ts'
import { failureOf } from '../../unit/job/failure-of.ts'

// The attacker: who may write a ConfigMap, and so a record.

function recordOf(name: string, more: Partial<DatabaseBackup> = {}): OperationRecord {
  return {
    ...newRecord({
      operation: `backup-${name}`,
      kind: 'backup',
      namespace: 'ledger',
      releases: ['my-ledger'],
      createdAt: '2026-11-21T00:00:00.000Z',
      plugin: '0.1.0',
    }),
    state: 'succeeded',
    backup: {
      name,
      state: 'restorable',
      location: `pvc://backups/ledger/${name}`,
      databases: [
        {
          storages: ['ledger/default'],
          kind: 'postgresql',
          title: 'db',
          tables: [],
          folder: `${name}/postgresql-1`,
          details: {},
          ...more,
        },
      ],
    },
  }
}

/** A volume with two backups, as they are after `backup`. */
async function twoBackups(t: Test) {
  const root = t.testdir()
  const storage = volumeStorage(root, 'pvc://backups/ledger')
  const records: Record<string, OperationRecord> = {}
  for (const name of ['monday', 'tuesday']) {
    const owner = { operation: `backup-${name}`, database: 'db' }
    const { sha256 } = await writtenDump(storage, `${name}/postgresql-1`, owner, { 'dump/toc.dat': name })
    const record = recordOf(name, { details: { manifestSha256: sha256 } })
    await writeFile(join(root, name, 'record.json'), JSON.stringify(record))
    const { operation, createdAt } = record
    await writeFile(join(root, name, 'claim.json'), JSON.stringify({ operation, createdAt }))
    records[name] = record
  }
  const { monday, tuesday } = records
  if (monday === undefined || tuesday === undefined) throw new Error('there are two')
  return { root, storage, monday, tuesday }
}

t.test('a backup is deleted where everything there says that it is of it', async (t) => {
  const { storage, monday } = await twoBackups(t)
  t.strictSame(await proveOwnership(storage, 'monday', monday), [
    'monday/claim.json',
    'monday/postgresql-1',
    'monday/record.json',
  ])
  t.strictSame(await proveOwnership(storage, 'wednesday', monday), [], 'what is gone is gone')
})

t.test('a record does not have another backup deleted, nor all of them', async (t) => {
  const { root, storage, monday } = await twoBackups(t)
  const why = /it is the claim of backup-tuesday/
  t.match(await failureOf(proveOwnership(storage, 'tuesday', monday)), { what: /is not deleted/, why })
  const above = volumeStorage(join(root, '..'), 'pvc://backups')
  const folder = root.split('/').at(-1) ?? ''
  t.match(await failureOf(proveOwnership(above, folder, monday)), { why: /nothing there says that it is a dump/ })
})

t.test('nor one of the same name that was made at another time, or with another manifest', async (t) => {
  const { root, storage, monday } = await twoBackups(t)
  const later = { ...monday, createdAt: '2026-11-22T00:00:00.000Z' }
  t.match(await failureOf(proveOwnership(storage, 'monday', later)), { why: /made 2026-11-21T00:00:00.000Z/ })
  const { text } = formatManifest({ operation: 'backup-monday', database: 'other' }, [])
  await writeFile(join(root, 'monday', 'postgresql-1', 'manifest.json'), text)
  t.match(await failureOf(proveOwnership(storage, 'monday', monday)), { why: /manifest is not the one/ })
})

t.test('nor what lies beside it in its folder', async (t) => {
  const { root, storage, monday } = await twoBackups(t)
  await writeFile(join(root, 'monday', 'letter.txt'), 'of somebody')
  t.match(await failureOf(proveOwnership(storage, 'monday', monday)), { what: /monday\/letter.txt is not deleted/ })
  const second = await twoBackups(t)
  await symlink('../tuesday', join(second.root, 'monday', 'more'))
  t.match(await failureOf(proveOwnership(second.storage, 'monday', second.monday)), { why: /symbolic link/ })
})

t.test('what lies on a volume does not take the place of a record', (t) => {
  const at = (name: string) => ({
    source: 'record.json',
    location: parseLocation(`pvc://other/${name}`),
    namespace: 'here',
  })
  const record = recordOf('monday')
  const found = imported(record, undefined, at('monday'))
  t.match(found, { namespace: 'here', backup: { location: 'pvc://other/monday' } })
  const [entry] = record.backup?.databases ?? []
  const standing = { state: 'lost' as const, since: '2026-11-21T00:00:00.000Z', by: 'undo-x', why: 'gone' }
  if (record.backup === undefined || entry === undefined) throw new Error('it has one database')
  const known = { ...record, backup: { ...record.backup, databases: [{ ...entry, standing }] } }
  t.strictSame(imported(record, known, at('monday')).backup?.databases[0]?.standing, standing, 'what is known stays')

  const forged: Record<string, OperationRecord> = {
    'other data': recordOf('monday', { details: { manifestSha256: '0'.repeat(64) } }),
    'another database': recordOf('monday', { title: 'other' }),
    'another time': { ...record, createdAt: '2026-11-22T00:00:00.000Z' },
  }
  for (const [name, one] of Object.entries(forged))
    t.throws(() => imported(one, record, at('monday')), { message: /another backup of that name/ }, name)
  t.throws(() => imported(recordOf('tuesday'), undefined, at('monday')), { message: /lies in the folder of monday/ })
  t.throws(() => imported({ ...record, operation: 'restore-x' }, undefined, at('monday')), { message: /restore-x/ })
  t.throws(() => imported({ ...record, kind: 'restore' }, undefined, at('monday')), { message: /is not a backup/ })
  t.end()
})

t.test('a record whose paths lead elsewhere is none', (t) => {
  const records: Record<string, OperationRecord> = {}
  for (const folder of ['../../../../etc', '/etc', 'monday/../tuesday', '', '.', 'monday//x'])
    records[`folder ${folder}`] = recordOf('monday', { folder })
  for (const location of ['pvc://backups', 'pvc://backups/../x', 'pvc://backups/', 'file:///etc', '/etc', ''])
    records[`location ${location}`] = {
      ...recordOf('monday'),
      backup: { name: 'monday', state: 'restorable', databases: [], location },
    }
  for (const [name, record] of Object.entries(records))
    t.throws(() => parseRecord(JSON.stringify(record), 'ConfigMap x'), { message: /is not a record/ }, name)
  t.equal(parseRecord(JSON.stringify(recordOf('monday')), 'ConfigMap x').operation, 'backup-monday')
  t.end()
})

t.test("another account's backup, or another table's, is no part of a record", (t) => {
  const file = join(import.meta.dirname, '../../unit/records-of-0.1/backup-dynamodb.record.json')
  const text = readFileSync(file, 'utf8')
  const entryOf = (json: string): DatabaseBackup => {
    const [entry] = parseRecord(json, 'x').backup?.databases ?? []
    if (entry === undefined) throw new Error('it has one database')
    return entry
  }
  t.equal(readDetails(entryOf(text)).account, '123456789012')
  const arn =
    'arn:aws:dynamodb:eu-west-1:123456789012:table/restoring.e2e48d2bf5.scalar.asset/backup/01795287026585-928b6cde'
  t.ok(text.includes(arn))
  for (const foreign of [
    arn.replace('123456789012', '999999999999'),
    arn.replace('eu-west-1', 'us-east-1'),
    'arn:aws:dynamodb:eu-west-1:123456789012:table/scalar.asset',
    `${arn}/../other`,
  ])
    t.throws(
      () => readDetails(entryOf(text.replace(arn, foreign))),
      { message: /another account, region or name/ },
      foreign,
    )
  t.end()
})

t.test('a backup of a service is ours by its name', (t) => {
  const long = 'a'.repeat(250)
  for (const table of ['scalar.asset', long]) t.equal(isTemporaryName(temporaryName('backup-x@1', table), table), true)
  for (const name of ['scalar.asset', 'nightly', 'restoring.scalar.asset', temporaryName('backup-x@1', 'scalar.other')])
    t.equal(isTemporaryName(name, 'scalar.asset'), false, name)
  t.end()
})
