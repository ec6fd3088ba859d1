import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { signed, withBackup, type Signing } from '../../../job/context/signing.ts'
import type { OperationContext } from '../../../job/context/operation-context.ts'
import { describeBackup } from '../../../job/operations/backup/backup-record.ts'
import { deleteBackup } from '../../../job/operations/delete.ts'
import { writeImported } from '../../../job/operations/import.ts'
import { materializeBackup } from '../../../job/operations/materialize.ts'
import { restore } from '../../../job/operations/restore/restore.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { parseLocation } from '../../../operation/location.ts'
import {
  newRecord,
  parseRecord,
  type BackupPart,
  type DatabaseBackup,
  type OperationRecord,
} from '../../../operation/record.ts'
import type { RequestOf } from '../../../operation/request.ts'
import { authorshipOf, fingerprintOf, isFingerprint } from '../../../operation/signature/signature.ts'
import { recordHash, signedText } from '../../../operation/signature/signed-text.ts'
import type { Trust } from '../../../operation/signature/trust.ts'
import { failureOf } from '../../unit/job/failure-of.ts'
import { inMemoryCluster } from '../../unit/job/in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../../unit/job/pausing-context.ts'

// The attacker: who may write ConfigMaps, and to the storage. The Secret of the signing key is out of reach.

function keys(): Required<Signing> & { fingerprint: string } {
  const { privateKey } = generateKeyPairSync('ed25519')
  const fingerprint = fingerprintOf(createPublicKey(privateKey))
  return { privateKey, fingerprint, trusted: [fingerprint] }
}
const ours = keys()
const theirs = keys()

type BackupRecord = OperationRecord & { backup: BackupPart }

const entry: DatabaseBackup = {
  storages: ['my-ledger/default'],
  kind: 'postgresql',
  title: 'postgresql://db:5432/ledger',
  tables: [{ schema: 'scalar', name: 'asset', rows: 3 }],
  folder: 'monday/postgresql-1',
  details: { manifestSha256: 'a'.repeat(64), nested: { b: 1, a: [1, 2] } },
}
const unsigned: BackupRecord = {
  ...newRecord({
    operation: 'backup-monday',
    kind: 'backup',
    namespace: 'ns',
    releases: ['my-ledger'],
    createdAt: '2026-11-21T00:00:00.000Z',
    plugin: '0.1.0',
  }),
  state: 'succeeded',
  finishedAt: '2026-11-21T00:01:00.000Z',
  windows: [{ endpoints: [], pauseSentAt: '2026-11-21T00:00:10.000Z', verdict: 'valid', reasons: [] }],
  backup: {
    name: 'monday',
    state: 'restorable',
    restorePoint: '2026-11-21T00:00:11.000Z',
    location: 'pvc://backups/ledger/monday',
    databases: [entry],
  },
}
const signedBy = (signing: Signing, record = unsigned): BackupRecord => ({ ...record, backup: signed(record, signing) })
const good = signedBy(ours)
const withEntry = (more: Partial<DatabaseBackup>): BackupRecord => ({
  ...good,
  backup: { ...good.backup, databases: [{ ...entry, ...more }] },
})

const { durationMs: _, pause: __, ...common } = pauseRequest()
const requests = {
  restore: {
    ...common,
    kind: 'restore',
    operation: 'restore-test',
    backup: 'backup-monday',
    dropPrevious: false,
    parallel: 1,
    readyMs: 1000,
  } satisfies RequestOf<'restore'>,
  materialize: {
    ...common,
    kind: 'materialize',
    operation: 'materialize-test',
    backup: 'backup-monday',
  } satisfies RequestOf<'materialize'>,
  delete: {
    ...common,
    kind: 'delete',
    operation: 'delete-test',
    backup: 'backup-monday',
  } satisfies RequestOf<'delete'>,
  import: {
    ...common,
    kind: 'import',
    operation: 'import-test',
    from: 'pvc://backups/ledger/monday',
  } satisfies RequestOf<'import'>,
}

/** What each operation that takes a record at its word says to one. */
async function attempts(
  record: BackupRecord,
  { signing, trust }: { signing?: Signing; trust?: Trust } = { signing: ours },
) {
  async function attempt<K extends keyof typeof requests>(
    kind: K,
    request: RequestOf<K>,
    run: (context: OperationContext<K>) => Promise<void>,
  ) {
    const cluster = inMemoryCluster([])
    // The attacker's record has the place of the good one.
    if (kind !== 'import') await cluster.writeRecord(structuredClone(record))
    const { context, events } = await contextOf<K>({ ...request, ...(trust && { trust }) }, cluster)
    const failure = await failureOf(async () => {
      await run({ ...context, signing })
      throw new Error('done')
    }).catch(() => undefined)
    const written = cluster.recordsByName.get('backup-monday')
    const phases = events.filter(({ code }) => code === 'phase').length
    return { failure, refused: failure?.exitCode === ExitCode.declined, written, phases, events }
  }
  const at = { source: 'record.json', location: parseLocation('pvc://backups/ledger/monday') }
  return {
    restore: await attempt('restore', requests.restore, restore),
    materialize: await attempt('materialize', requests.materialize, materializeBackup),
    delete: await attempt('delete', requests.delete, deleteBackup),
    import: await attempt('import', requests.import, (context) => writeImported(context, structuredClone(record), at)),
  }
}

t.test('what this installation signed is taken without a word', async (t) => {
  t.strictSame(authorshipOf(good), { state: 'signed', fingerprint: ours.fingerprint })
  t.ok(isFingerprint(ours.fingerprint), ours.fingerprint)
  for (const [name, { refused }] of Object.entries(await attempts(good))) t.equal(refused, false, name)
  const read = parseRecord(JSON.stringify(good), 'x')
  t.equal(authorshipOf({ ...read, backup: { ...good.backup, ...read.backup } }).state, 'signed', 'it is read as it was')
})

t.test('neither its namespace, nor its copies, nor what became of it since is signed', async (t) => {
  const standing = { state: 'lost' as const, since: '2026-11-21T00:00:00.000Z', by: 'undo-x', why: 'gone' }
  const moved: BackupRecord = {
    ...good,
    namespace: 'other',
    phases: [{ name: 'dump', startedAt: '2026-11-21T00:00:00.000Z' }],
    backup: { ...good.backup, copies: ['pvc://second/monday'], databases: [{ ...entry, standing }] },
  }
  t.equal(signedText(moved), signedText(good))
  const shuffled = withEntry({ details: { nested: { a: [1, 2], b: 1 }, manifestSha256: 'a'.repeat(64) } })
  t.equal(signedText(shuffled), signedText(good), 'the order of its members says nothing')
})

const { signature } = good.backup
const moved = (record: BackupRecord, location: string): BackupRecord => ({
  ...record,
  backup: { ...record.backup, location },
})
const inBucket = signedBy(ours, moved(unsigned, 's3://dumps/monday?endpoint=https://store:9000&secret=dumps'))
const forged: Record<string, BackupRecord> = {
  'another volume': moved(good, 'pvc://theirs/ledger/monday'),
  'a store in the place of a volume': moved(good, 's3://dumps/monday?secret=dumps&endpoint=https://theirs'),
  'another endpoint': moved(inBucket, 's3://dumps/monday?endpoint=https://theirs&secret=dumps'),
  'another Secret': moved(inBucket, 's3://dumps/monday?endpoint=https://store:9000&secret=my-ledger-database'),
  'the identity of the pod': moved(inBucket, 's3://dumps/monday?endpoint=https://store:9000'),
  'another manifest': withEntry({ details: { ...entry.details, manifestSha256: 'b'.repeat(64) } }),
  'another folder': withEntry({ folder: 'tuesday/postgresql-1' }),
  'another table': withEntry({ tables: [] }),
  'another kind': withEntry({ kind: 'dynamodb' }),
  'one database fewer': { ...good, backup: { ...good.backup, databases: [] } },
  'another point': { ...good, backup: { ...good.backup, restorePoint: '2026-11-20T00:00:00.000Z' } },
  'another release': { ...good, releases: ['other'] },
  'another time': { ...good, createdAt: '2026-11-20T00:00:00.000Z' },
  'a void window called valid': signedThen({ ...unsigned, windows: [voidWindow()] }, (record) => ({
    ...record,
    windows: unsigned.windows,
  })),
  'a reason put beside it': {
    ...good,
    backup: {
      ...unsigned.backup,
      ...(signature && { signature }),
      reason: 'raised',
    },
  },
  "another record's signature": {
    ...unsigned,
    backup: {
      ...unsigned.backup,
      ...signatureFrom({ ...unsigned, createdAt: '2026-11-19T00:00:00.000Z' }),
    },
  },
  'our key beside a signature by theirs': {
    ...good,
    backup: {
      ...good.backup,
      signature: {
        publicKey: signature?.publicKey ?? '',
        value: signedBy(theirs).backup.signature?.value ?? '',
      },
    },
  },
  'our key and no signature': {
    ...good,
    backup: { ...good.backup, signature: { publicKey: signature?.publicKey ?? '', value: '' } },
  },
  'a key that is none': { ...good, backup: { ...good.backup, signature: { publicKey: 'AAAA', value: 'AAAA' } } },
}

function voidWindow(): BackupRecord['windows'][number] {
  return { endpoints: [], pauseSentAt: '2026-11-21T00:00:10.000Z', verdict: 'void', reasons: ['a pod was replaced'] }
}

function signedThen(record: BackupRecord, change: (signed: BackupRecord) => BackupRecord): BackupRecord {
  return change(signedBy(ours, record))
}

function signatureFrom(record: BackupRecord): Pick<BackupPart, 'signature'> {
  const { signature } = signedBy(ours, record).backup
  return { ...(signature && { signature }) }
}

for (const [name, record] of Object.entries(forged))
  t.test(`a changed record is refused by all that would act on it: ${name}`, async (t) => {
    for (const [operation, { failure, refused, phases, written }] of Object.entries(await attempts(record))) {
      t.equal(refused, true, `${operation}: ${failure?.what}`)
      t.match(failure?.what, /is not what SHA256:\S+ signed/, operation)
      t.equal(phases, 0, `${operation} has done nothing`)
      if (operation === 'import') t.equal(written, undefined, 'nothing was imported')
      else t.strictSame(written, record, 'the record stays as it was')
    }
    for (const [operation, { refused }] of Object.entries(
      await attempts(record, { signing: ours, trust: { keys: [], records: [] } }),
    ))
      t.equal(refused, true, operation)
  })

t.test('a record of a foreign key needs its fingerprint', async (t) => {
  const foreign = signedBy(theirs)
  const wrong = [undefined, { keys: [ours.fingerprint], records: [recordHash(signedThen(good, renamed))] }]
  for (const trust of wrong)
    for (const [operation, { failure, refused }] of Object.entries(
      await attempts(foreign, { signing: ours, ...(trust && { trust }) }),
    )) {
      t.equal(refused, true, operation)
      t.match(failure, { what: /does not trust/, next: new RegExp(`--trusted-key ${escaped(theirs.fingerprint)}`) })
    }
  const typed = { keys: [theirs.fingerprint], records: [] }
  for (const [operation, { refused }] of Object.entries(await attempts(foreign, { signing: ours, trust: typed })))
    t.equal(refused, false, operation)
  const changed = { ...foreign, releases: ['other'] }
  for (const [operation, { refused }] of Object.entries(await attempts(changed, { signing: ours, trust: typed })))
    t.equal(refused, true, `${operation}: the fingerprint is no word for what its key did not sign`)
})

t.test('a record that nobody signed needs its hash, which is of no other', async (t) => {
  for (const [operation, { failure, refused }] of Object.entries(await attempts(unsigned))) {
    t.equal(refused, true, operation)
    t.match(failure, { what: /is not signed/, next: new RegExp(`--trusted-record ${recordHash(unsigned)}`) })
  }
  const typed = { keys: [], records: [recordHash(unsigned)] }
  for (const [operation, { refused }] of Object.entries(await attempts(unsigned, { signing: ours, trust: typed })))
    t.equal(refused, false, operation)
  const other = { ...unsigned, backup: { ...unsigned.backup, databases: [{ ...entry, folder: 'tuesday/x' }] } }
  for (const [operation, { refused }] of Object.entries(await attempts(other, { signing: ours, trust: typed })))
    t.equal(refused, true, operation)
})

t.test('an installation without a key works as version 0.1 did, and says so', async (t) => {
  for (const [operation, { refused, events }] of Object.entries(await attempts(unsigned, {}))) {
    t.equal(refused, false, operation)
    const said = events.find(({ message }) => /nobody vouches for backup-monday/.test(message))
    t.match(said, { level: 'warning', message: /`kubectl scalardl install` makes one/ }, operation)
  }
})

t.test('an imported record takes the place of none that differs, however well it is signed', async (t) => {
  const cluster = inMemoryCluster([])
  await cluster.writeRecord(good)
  const { context } = await contextOf<'import'>(requests.import, cluster)
  const at = { source: 'record.json', location: parseLocation('pvc://backups/ledger/monday') }
  const differing = signedBy(ours, { ...unsigned, createdAt: '2026-11-20T00:00:00.000Z' })
  const failure = await failureOf(writeImported({ ...context, signing: ours }, differing, at))
  t.match(failure, { what: /cannot be imported/ })
  t.strictSame(cluster.recordsByName.get('backup-monday'), good)
})

/** What an import from the volume `moved` makes of a record beside its data, and of what is known already. */
async function importedFromMoved(beside: BackupRecord, more: { known?: BackupRecord; trust?: Trust } = {}) {
  const cluster = inMemoryCluster([])
  if (more.known !== undefined) await cluster.writeRecord(structuredClone(more.known))
  const from = 'pvc://moved/ledger/monday'
  const request = { ...requests.import, from, ...(more.trust && { trust: more.trust }) }
  const { context } = await contextOf<'import'>(request, cluster)
  await writeImported({ ...context, signing: ours }, structuredClone(beside), {
    source: 'record.json',
    location: parseLocation(from),
  })
  const written = cluster.recordsByName.get('backup-monday')
  if (written?.backup === undefined) throw new Error('it was imported')
  const record = { ...written, backup: written.backup }
  return { place: record.backup.location, authorship: authorshipOf(record) }
}

t.test('an import from another place is what the administrator says, and signed anew', async (t) => {
  const here = { place: 'pvc://moved/ledger/monday', authorship: { state: 'signed', fingerprint: ours.fingerprint } }
  t.strictSame(await importedFromMoved(good), here)
  t.strictSame(await importedFromMoved(good, { known: good }), here, 'also of a backup that is known')
  const known = moved(good, 's3://dumps/monday?endpoint=https://theirs')
  t.strictSame(await importedFromMoved(good, { known }), here, 'also where the known one was led elsewhere')
  const trust = { keys: [theirs.fingerprint], records: [] }
  t.strictSame(await importedFromMoved(signedBy(theirs), { trust }), here)
  t.strictSame(await importedFromMoved(unsigned, { trust: { keys: [], records: [recordHash(unsigned)] } }), here)
  for (const other of [
    { ...good, releases: ['other'] },
    { ...good, backup: { ...good.backup, reason: 'raised' } },
  ])
    t.match(await importedFromMoved(good, { known: other }), { authorship: { state: 'unsigned' } })
})

t.test('a backup is signed as soon as it can be restored, and no sooner', async (t) => {
  const request: RequestOf<'backup'> = {
    ...common,
    ...pauseRequest(),
    kind: 'backup',
    operation: 'backup-monday',
    pauseMode: 'never',
    schemas: [],
    retries: 0,
    parallel: 1,
  }
  const { context, events } = await contextOf<'backup'>(request, inMemoryCluster([]))
  const signing = { ...context, signing: ours }
  await describeBackup(signing, { state: 'recorded', restorePoint: '2026-11-21T00:00:11.000Z' })
  t.equal(context.record.current.backup?.signature, undefined)
  await describeBackup(signing, { state: 'restorable', databases: [entry] })
  const { backup, ...record } = structuredClone(context.record.current)
  if (backup === undefined) throw new Error('it has a backup')
  t.equal(authorshipOf({ ...record, backup }).state, 'signed')
  await describeBackup(signing, { databases: [{ ...entry, serviceBackups: 1 }] })
  const again = context.record.current.backup
  t.equal(again && authorshipOf({ ...record, backup: again }).state, 'signed', 'what changes is signed anew')
  await describeBackup(signing, { state: 'unusable', reason: 'failed' })
  t.equal(context.record.current.backup?.signature, undefined, 'what must not be restored has no signature')
  t.strictSame(events.filter(({ level }) => level === 'warning').length, 0)
  await describeBackup(context, { state: 'restorable' })
  t.match(events.at(-1), { level: 'warning', message: /is not signed/ }, 'without a key it says so')
})

t.test('what becomes of a record later is signed anew only where the former was trusted', (t) => {
  const held = { ...good.backup, databases: [{ ...entry, serviceBackups: 2 }] }
  const after = (record: BackupRecord, signing: Signing | undefined, trust?: Trust) => {
    const { backup, ...rest } = withBackup(record, held, signing, trust)
    return backup && authorshipOf({ ...rest, backup })
  }
  t.match(after(good, ours), { state: 'signed', fingerprint: ours.fingerprint })
  const foreign = signedBy(theirs)
  t.strictSame(after(unsigned, ours), { state: 'unsigned' }, 'nobody has an unsigned record signed')
  t.strictSame(after(foreign, ours), { state: 'unsigned' }, 'nor a foreign one')
  t.strictSame(after({ ...good, releases: ['other'] }, ours), { state: 'unsigned' }, 'nor a changed one')
  t.match(after(foreign, ours, { keys: [theirs.fingerprint], records: [] }), { fingerprint: ours.fingerprint })
  t.strictSame(after(good, undefined), { state: 'unsigned' }, 'a signature that fits no more goes')
  const standing = { state: 'lost' as const, since: '2026-11-21T00:00:00.000Z', by: 'undo-x', why: 'gone' }
  const lost = withBackup(foreign, { ...foreign.backup, databases: [{ ...entry, standing }] }, ours)
  t.ok(foreign.backup.signature)
  t.strictSame(lost.backup?.signature, foreign.backup.signature, 'one that still fits stays')
  t.end()
})

function renamed(record: BackupRecord): BackupRecord {
  return { ...record, releases: ['renamed'] }
}

function escaped(text: string): string {
  return text.replace(/[+/]/g, '\\$&')
}
