import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { signed, signedAsWritten, type Signing } from '../../../job/context/signing.ts'
import { drop } from '../../../job/operations/restore/drop.ts'
import { rewriteRestore } from '../../../job/operations/restore/earlier-restore.ts'
import { restore } from '../../../job/operations/restore/restore.ts'
import { undo } from '../../../job/operations/restore/undo.ts'
import { jsonLineEvents } from '../../../job/process/events.ts'
import { work } from '../../../job/worker/worker.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import {
  newRecord,
  parseRecord,
  type OperationRecord,
  type PauseWindowRecord,
  type RestorePart,
} from '../../../operation/record.ts'
import type { RequestOf } from '../../../operation/request.ts'
import type { RestoreChoice } from '../../../operation/restore-options.ts'
import { authorshipOf, fingerprintOf } from '../../../operation/signature/signature.ts'
import { recordHash } from '../../../operation/signature/signed-text.ts'
import type { Trust } from '../../../operation/signature/trust.ts'
import { failureOf } from '../../unit/job/failure-of.ts'
import { inMemoryCluster } from '../../unit/job/in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../../unit/job/pausing-context.ts'
import { startLedgers } from '../../unit/job/servers/ledgers.ts'

// The attacker: who may write ConfigMaps, and so a restore that "kept" any database, or a pause that never was.

function keys(): Required<Signing> {
  const { privateKey } = generateKeyPairSync('ed25519')
  return { privateKey, trusted: [fingerprintOf(createPublicKey(privateKey))] }
}
const [ours, theirs] = [keys(), keys()]

const recordOf = (kind: 'backup' | 'restore' | 'pause', more: Partial<OperationRecord>): OperationRecord => ({
  ...newRecord({
    operation: `${kind}-x`,
    kind,
    namespace: 'ns',
    releases: ['my-ledger'],
    createdAt: '2026-11-21T00:00:00.000Z',
    plugin: '0.1.0',
  }),
  state: 'succeeded',
  finishedAt: '2026-11-21T00:01:00.000Z',
  ...more,
})

const kept: RestorePart = {
  backup: 'backup-x',
  restorePoint: '2026-11-21T00:00:11.000Z',
  databases: [
    {
      title: 'postgresql://db:5432/ledger',
      kind: 'postgresql',
      state: 'in-service',
      previous: 'ledger_before_1',
      details: { previous: 'ledger_before_1' },
    },
  ],
  serving: 'restored',
  wayBack: [],
}
const unsignedRestore = recordOf('restore', { restore: kept })
const goodRestore = signedAsWritten(unsignedRestore, ours)
const backupOf = (signing: Signing): OperationRecord => {
  const backup = {
    name: 'x',
    state: 'restorable' as const,
    restorePoint: '2026-11-21T00:00:11.000Z',
    databases: [],
  }
  const record = recordOf('backup', {})
  return { ...record, backup: signed({ ...record, backup }, signing) }
}
const window: PauseWindowRecord = {
  endpoints: [{ address: '10.0.0.1', pod: 'my-0', release: 'my-ledger' }],
  pauseSentAt: '2026-11-21T00:00:10.000Z',
  allPausedAt: '2026-11-21T00:00:10.100Z',
  unpauseSentAt: '2026-11-21T00:00:20.000Z',
  verdict: 'valid',
  reasons: [],
}
const unsignedPause = recordOf('pause', { windows: [window] })
const goodPause = signedAsWritten(unsignedPause, ours)

const { durationMs: _, pause: __, ...common } = pauseRequest()

interface World {
  restore?: OperationRecord
  backup?: OperationRecord
  pause?: OperationRecord
  trust?: Trust
  signing?: Signing | undefined
}

/** What an undo, a removal or a restore says in this world. Without properties none gets as far as a database. */
async function said(what: 'undo' | 'drop' | RestoreChoice, world: World) {
  const { signing, trust } = { signing: ours, ...world }
  const cluster = inMemoryCluster([])
  for (const record of [world.restore ?? goodRestore, world.backup ?? backupOf(ours), world.pause ?? goodPause])
    await cluster.writeRecord(structuredClone(record))
  const before = structuredClone([...cluster.recordsByName])
  const by = { ...common, ...(trust && { trust }) }
  const failure = await failureOf(async () => {
    if (what === 'undo' || what === 'drop') {
      const request = { ...by, operation: `${what}-test`, restore: 'restore-x' }
      const asUndo: RequestOf<'undo'> = { ...request, kind: 'undo', readyMs: 1000 }
      if (what === 'undo') await undo({ ...(await contextOf<'undo'>(asUndo, cluster)).context, signing })
      else await drop({ ...(await contextOf<'drop'>({ ...request, kind: 'drop' }, cluster)).context, signing })
    } else {
      const request: RequestOf<'restore'> = {
        ...by,
        kind: 'restore',
        operation: 'restore-test',
        backup: 'backup-x',
        dropPrevious: false,
        parallel: 1,
        readyMs: 1000,
        choice: what,
      }
      await restore({ ...(await contextOf<'restore'>(request, cluster)).context, signing })
    }
  })
  return { failure, refused: failure.exitCode === ExitCode.declined, changed: before, now: [...cluster.recordsByName] }
}

/** How far it comes that is taken at its word: the release has no properties here. */
const believed = /database of release my-ledger is unknown/

t.test('what this installation wrote is taken at its word', async (t) => {
  for (const what of ['undo', 'drop', { at: '2026-11-21T00:00:15.000Z', pause: 'pause-x' }] as const)
    t.match((await said(what, {})).failure, { what: believed })
  const read = parseRecord(JSON.stringify(goodRestore), 'x')
  t.equal(authorshipOf(read).state, 'signed', 'it is read as it was')
})

const [database] = kept.databases
const elsewhere = database && { ...database, details: { previous: 'payroll' } }
const forgedRestores: Record<string, OperationRecord> = {
  'one that never was': unsignedRestore,
  'another database to remove': restoreWith({ databases: elsewhere ? [elsewhere] : [] }),
  'another backup': restoreWith({ backup: 'backup-y' }),
  'it is said to serve what it did not restore': signedThen({ ...kept, serving: 'previous' }, { serving: 'restored' }),
  'another release': { ...goodRestore, releases: ['other'] },
  'the signature of a pause': { ...unsignedRestore, ...signatureOf(goodPause) },
  'a key of their own': signedAsWritten(unsignedRestore, theirs),
}

function restoreWith(more: Partial<RestorePart>): OperationRecord {
  return { ...goodRestore, restore: { ...kept, ...more } }
}

function signedThen(before: RestorePart, more: Partial<RestorePart>): OperationRecord {
  return { ...signedAsWritten({ ...unsignedRestore, restore: before }, ours), restore: { ...before, ...more } }
}

function signatureOf({ signature }: OperationRecord): Pick<OperationRecord, 'signature'> {
  return { ...(signature && { signature }) }
}

for (const [name, record] of Object.entries(forgedRestores))
  t.test(`nothing is removed or put back by a restore that nobody vouches for: ${name}`, async (t) => {
    for (const what of ['undo', 'drop'] as const) {
      const { changed, failure, now, refused } = await said(what, { restore: record })
      t.equal(refused, true, `${what}: ${failure.what}`)
      t.match(failure.next, /--trusted-(record|key)/)
      t.strictSame(now, changed, 'every record stays as it was')
      const trust = { keys: [], records: [recordHash(record)] }
      if (name !== 'another backup') t.match((await said(what, { restore: record, trust })).failure.exitCode, 1)
    }
  })

t.test('nor by a backup of theirs under the name of the one that was restored', async (t) => {
  for (const what of ['undo', 'drop'] as const)
    t.equal((await said(what, { backup: backupOf(theirs) })).refused, true, what)
})

t.test('what an undo or a removal writes is signed, as was what it went by', async (t) => {
  const cluster = inMemoryCluster([])
  const former = { ...goodRestore, restore: kept }
  await rewriteRestore({ cluster, signing: ours }, former, { serving: 'previous' })
  const written = cluster.recordsByName.get('restore-x')
  t.match(written, { restore: { serving: 'previous' } })
  t.match(written && authorshipOf(written), { state: 'signed', fingerprint: ours.trusted[0] })
})

const moment = { at: '2026-11-21T00:00:15.000Z', pause: 'pause-x' }
const forgedPauses: Record<string, OperationRecord> = {
  'one that never was': unsignedPause,
  'a void one called valid': {
    ...signedAsWritten(recordOf('pause', { windows: [{ ...window, verdict: 'void' }] }), ours),
    windows: [window],
  },
  'a longer one': { ...goodPause, windows: [{ ...window, unpauseSentAt: '2026-11-22T00:00:00.000Z' }] },
  'another release': { ...goodPause, releases: ['other'] },
  'a key of their own': signedAsWritten(unsignedPause, theirs),
}

for (const [name, pause] of Object.entries(forgedPauses))
  t.test(`no moment is proven by a pause that nobody vouches for: ${name}`, async (t) => {
    const { failure, refused } = await said(moment, { pause })
    t.equal(refused, true, failure.what)
    t.match(failure.next, /--trusted-(record|key)/)
  })

t.test('a pause that is vouched for proves its own moments, of its own releases', async (t) => {
  const at = '2026-11-21T00:00:30.000Z'
  t.match((await said({ ...moment, at }, {})).failure, {
    why: /no valid pause of my-ledger .* holds 2026-11-21T00:00:30/,
  })
  const [endpoint] = window.endpoints
  const other = { ...window, endpoints: endpoint ? [{ ...endpoint, release: 'other' }] : [] }
  const pause = signedAsWritten(recordOf('pause', { windows: [other] }), ours)
  t.match((await said(moment, { pause })).failure, { why: /no valid pause of my-ledger/ })
  const trust = { keys: [], records: [recordHash(unsignedPause)] }
  t.match(
    (await said(moment, { pause: unsignedPause, trust })).failure,
    { what: believed },
    'what a person vouches for',
  )
})

t.test('the worker signs the record of a pause, with its windows', async (t) => {
  const ledgers = await startLedgers(1)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  const events = jsonLineEvents(() => undefined)
  const { signal } = new AbortController()
  t.equal(await work(pauseRequest({ durationMs: 1 }), { cluster, events, signal, signing: ours }), 0)
  const written = cluster.recordsByName.get('pause-test')
  t.match(written?.windows, [{ verdict: 'valid' }])
  t.match(written && authorshipOf(written), { state: 'signed', fingerprint: ours.trusted[0] })
})

t.test('an installation without a key goes by them as version 0.1 did', async (t) => {
  const world = { restore: unsignedRestore, pause: unsignedPause, signing: undefined }
  for (const what of ['undo', 'drop', moment] as const) t.match((await said(what, world)).failure, { what: believed })
  t.equal(signedAsWritten(goodPause, undefined).signature, undefined, 'a signature that may not fit any more goes')
})
