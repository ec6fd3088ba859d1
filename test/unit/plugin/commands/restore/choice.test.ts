import t from 'tap'
import {
  newRecord,
  type BackupPart,
  type DatabaseBackup,
  type OperationRecord,
} from '../../../../../operation/record.ts'
import { chooseRestore } from '../../../../../plugin/commands/restore/choice.ts'
import type { BackupRecord } from '../../../../../plugin/commands/restore/find-record.ts'
import { confirmLosses, endedByRestore, endedByUndo } from '../../../../../plugin/commands/restore/losses.ts'
import { restorePlan } from '../../../../../plugin/commands/restore/plan.ts'
import { chartRelease } from '../../kubernetes/jobs/compose/chart-deployment.ts'
import { failureOf } from '../../../job/failure-of.ts'
import { recordingTerminal } from '../../terminal/recording-terminal.ts'

const plain = (_kind: string, text: string) => text
const none = {
  strategy: undefined,
  prefix: undefined,
  at: undefined,
  repoint: undefined,
  region: undefined,
  kmsKey: undefined,
  dropPrevious: false,
  unknownVersion: false,
}

function dynamodb(at: string, materialized: boolean, id = 'id-of-asset'): DatabaseBackup {
  const table = {
    name: 'scalar.asset',
    id,
    ...(materialized ? { materialized: { backupArn: 'arn', bytes: 1 } } : {}),
  }
  return {
    storages: ['ledger/default'],
    kind: 'dynamodb',
    title: 'dynamodb://eu-west-1',
    tables: [{ schema: 'scalar', name: 'asset' }],
    snapshotAt: at,
    details: {
      region: 'eu-west-1',
      account: '000000000000',
      prefix: '',
      metadataNamespace: 'scalardb',
      coordinatorNamespace: 'coordinator',
      tables: [table],
    },
  }
}

function backupOf(name: string, at: string, database: DatabaseBackup = dynamodb(at, false)): BackupRecord {
  const backup: BackupPart = { name, state: 'restorable', restorePoint: at, databases: [database] }
  return {
    ...newRecord({
      operation: `backup-${name}`,
      kind: 'backup',
      namespace: 'led',
      releases: ['my-ledger'],
      createdAt: at,
      plugin: '0.1.0',
    }),
    state: 'succeeded',
    backup,
  }
}

const monday = backupOf('monday', '2026-11-16T09:30:00.000Z')
const tuesday = backupOf('tuesday', '2026-11-17T09:30:00.000Z')
const kept = backupOf('kept', '2026-11-18T09:30:00.000Z', dynamodb('2026-11-18T09:30:00.000Z', true))
const stored = () => [monday, tuesday, kept]

t.test('a moment whose pause is recorded is restored from that record, any other is marked as unproven', async (t) => {
  t.match(await chooseRestore({ ...none, at: '2026-11-17T18:30:00+09:00' }, monday, stored), {
    record: { operation: 'backup-tuesday' },
    choice: { at: undefined, unproven: undefined },
  })
  const { record, choice } = await chooseRestore({ ...none, at: '2026-11-17T09:30:01Z' }, monday, stored)
  t.match(
    { record, choice },
    { record: { operation: 'backup-monday' }, choice: { at: '2026-11-17T09:30:01.000Z', unproven: true } },
  )
  t.match(
    restorePlan(record, [{ release: chartRelease() }], { dropPrevious: false, replicas: undefined, choice }, plain),
    /UNPROVEN.*2026-11-17T09:30:01/,
  )
})

function pauseOf(changes: Partial<OperationRecord['windows'][number]>, releases = ['my-ledger']): OperationRecord {
  const [from, until] = ['2026-11-17T09:30:01.500Z', '2026-11-17T09:30:04.500Z']
  return {
    ...newRecord({ operation: 'pause-p', kind: 'pause', namespace: 'led', releases, createdAt: from, plugin: '0.1.0' }),
    state: 'succeeded',
    windows: [
      {
        endpoints: releases.map((release) => ({ address: '10.0.0.7:50053', release })),
        pauseSentAt: from,
        allPausedAt: from,
        unpauseSentAt: until,
        verdict: 'valid',
        reasons: [],
        ...changes,
      },
    ],
  }
}

async function chosen(pause: OperationRecord, at: string) {
  const list = (kind: 'backup' | 'pause') => (kind === 'backup' ? stored() : [pause])
  return chooseRestore({ ...none, at }, monday, list)
}

t.test('a moment in a valid pause of all releases is proven by it', async (t) => {
  for (const at of ['2026-11-17T09:30:02Z', '1794907802', '2026-11-17T18:30:03+09:00']) {
    const { record, choice, window } = await chosen(pauseOf({}), at)
    t.match({ choice, record }, { choice: { pause: 'pause-p', unproven: undefined }, record: monday })
    const plan = restorePlan(
      record,
      [{ release: chartRelease() }],
      { dropPrevious: false, replicas: undefined, choice, window },
      plain,
    )
    t.match(plan, /proven by pause-p, paused from 2026-11-17T09:30:01.500Z/)
    t.notMatch(plan, /UNPROVEN/)
  }
})

t.test('a moment that no pause proves stays unproven', async (t) => {
  const at = '2026-11-17T09:30:02Z'
  const unproven = { choice: { pause: undefined, unproven: true } }
  t.match(await chosen(pauseOf({ verdict: 'void' }), at), unproven, 'a void pause')
  t.match(await chosen(pauseOf({}, ['my-auditor']), at), unproven, 'a pause of another release')
  t.match(await chosen(pauseOf({ endpoints: [{ address: 'x:1' }] }), at), unproven, 'a pause of servers of no release')
  t.match(await chosen(pauseOf({}), '2026-11-17T09:30:01Z'), unproven, 'a second that began before')
  t.match(await chosen(pauseOf({}), '2026-11-17T09:30:04Z'), unproven, 'a second that ended after')
})

t.test('a pause that a person attests proves as much as that person does', async (t) => {
  const { record, choice, window } = await chosen(pauseOf({ endpoints: [], attestedBy: 'ann' }), '2026-11-17T09:30:02Z')
  t.match(choice, { pause: 'pause-p', unproven: undefined })
  const plan = restorePlan(
    record,
    [{ release: chartRelease() }],
    { dropPrevious: false, replicas: undefined, choice, window },
    plain,
  )
  t.match(plan, /attested by ann, seen by no worker/)
})

t.test('a plan that replaces tables names the backups that die with them, and no others', async (t) => {
  const { choice } = await chooseRestore({ ...none, strategy: 'replace' }, monday, stored)
  const others = [monday, tuesday, kept]
  const ending = await endedByRestore(monday, { choice, dropPrevious: false, others })
  const options = { dropPrevious: false, replicas: undefined, choice, ending }
  const plan = restorePlan(monday, [{ release: chartRelease() }], options, plain)
  t.match(plan, /the backups tuesday, .*\n.*materialize backup tuesday$/m)
  t.strictSame(await endedByRestore(monday, { dropPrevious: true, others }), ['monday', 'tuesday'])
  t.strictSame(
    await endedByRestore(monday, {
      choice: { strategy: 'replace', at: '2026-11-16T09:30:01Z' },
      dropPrevious: false,
      others,
    }),
    ['monday', 'tuesday'],
    'of another moment it keeps nothing of the backup itself',
  )
  t.match(plan, /once EVERY backup is AVAILABLE: deleted/)
  t.strictSame(await endedByRestore(monday, { dropPrevious: false, others }), [])
  const beside = restorePlan(monday, [{ release: chartRelease() }], { dropPrevious: false, replicas: undefined }, plain)
  t.notMatch(beside, /tuesday/)
  t.match(beside, 'under the prefix "1794821400-"')
})

t.test('the undo of a restore in place ends the backups of the restored tables, none of those before', async (t) => {
  const { backup: _, ...core } = monday
  const since = backupOf('since', '2026-11-19T09:30:00.000Z', dynamodb('2026-11-19T09:30:00.000Z', false, 'restored'))
  const others = [monday, tuesday, kept, since]
  const ending = (serving: 'restored' | 'nothing', originals: Record<string, { id: string }>) => {
    const details = { strategy: 'replace', region: 'eu-west-1', originals }
    const replaced = { title: 'dynamodb://eu-west-1', kind: 'dynamodb', state: 'loaded' as const, details }
    const restore = { backup: monday.operation, databases: [replaced], serving, wayBack: [] }
    return endedByUndo({ ...core, operation: 'restore-r', kind: 'restore', restore }, monday, others)
  }
  const originals = { 'scalar.asset': { id: 'id-of-asset' } }
  t.strictSame(await ending('restored', originals), ['since'])
  t.strictSame(await ending('nothing', originals), ['since'], 'nor where the restore died half-way')
  t.strictSame(
    await ending('nothing', {}),
    ['monday', 'tuesday', 'since'],
    'which those were is not known: each is named',
  )
})

t.test(
  'no backup is lost before its name was typed, or given by --lose-backup; --yes alone is no agreement',
  async (t) => {
    const confirm = (answers: string[] | undefined, flags: { loseBackup?: string[]; yes: boolean }) =>
      confirmLosses(recordingTerminal(answers).terminal, ['monday', 'tuesday'], flags).catch((error: unknown) => error)
    t.match(await confirm(undefined, { yes: true }), {
      exitCode: 4,
      next: /materialize backup monday tuesday`.*--lose-backup monday --lose-backup tuesday$/,
    })
    t.match(await confirm(undefined, { loseBackup: ['monday'], yes: true }), { exitCode: 4, why: /named: tuesday$/ })
    t.match(await confirm(['monday', 'ledger'], { yes: false }), { exitCode: 4 })
    t.equal(await confirm(['monday', 'tuesday'], { yes: false }), undefined)
    t.equal(await confirm(['tuesday'], { loseBackup: ['monday'], yes: false }), undefined)
    t.equal(await confirm(undefined, { loseBackup: ['monday', 'tuesday'], yes: true }), undefined)
  },
)

t.test('a plan names the tables of other products, whose releases it does not stop', async (t) => {
  const schemas = ['scalar', 'auditor', 'coordinator', 'scalardb', 'auditor']
  const both = backupOf('both', '2026-11-16T09:30:00.000Z', {
    ...dynamodb('2026-11-16T09:30:00.000Z', false),
    tables: schemas.map((schema) => ({ schema, name: 'asset' })),
  })
  for (const strategy of ['replace', 'prefix'] as const) {
    const plan = (record: BackupRecord) =>
      restorePlan(
        record,
        [{ release: chartRelease() }],
        { dropPrevious: false, replicas: undefined, choice: { strategy } },
        plain,
      )
    t.match(
      plan(both),
      /the tables of auditor go back as well: every release that uses them has to be named, or stopped/,
    )
    t.notMatch(plan(monday), /go back as well/)
  }
})

t.test('flags that this backup has no use for, or that contradict each other, are refused', async (t) => {
  const postgresql = backupOf('p', '2026-11-16T09:30:00.000Z', {
    storages: ['ledger/default'],
    kind: 'postgresql',
    title: 'postgresql://db/ledger',
    tables: [],
    details: {},
  })
  const refused = (flags: object, record: BackupRecord) =>
    chooseRestore({ ...none, ...flags }, record, stored).catch((error: unknown) => error)
  t.match(await refused({ strategy: 'replace' }, postgresql), { exitCode: 2, what: /--strategy/ })
  t.match(await refused({ strategy: 'replace', prefix: 'x-' }, monday), { exitCode: 2, what: /--prefix/ })
  t.match(await refused({ repoint: 'print', dropPrevious: true }, monday), { exitCode: 2, what: /exclude each other/ })
  t.match(await refused({ at: '2026-11-17T09:30:01.5Z' }, monday), { exitCode: 2, why: /whole seconds/ })
  t.match(await refused({ at: '2026-11-17T09:30:01' }, monday), { exitCode: 2, why: /offset/ })
})

t.test('what only the administrator can point a release to is shown, unless he says otherwise', async (t) => {
  const at = '2026-11-16T09:30:00.000Z'
  const entry = { ...dynamodb(at, false), kind: 'cosmos', title: 'cosmos://ledger.documents.azure.com', details: {} }
  const account = backupOf('account', at, entry)
  const choose = async (flags: Partial<Parameters<typeof chooseRestore>[0]>) =>
    (await chooseRestore({ ...none, ...flags }, account, () => [])).choice
  t.strictSame(await choose({}), { repoint: 'print' })
  t.strictSame(await choose({ region: 'West US 2' }), { repoint: 'print', region: 'West US 2' })
  t.strictSame(await choose({ repoint: 'patch' }), { repoint: 'patch' })
  for (const refused of [{ prefix: 'x-' }, { dropPrevious: true }] as const)
    t.equal((await failureOf(choose(refused))).exitCode, 2)
  // No restore that was only shown is ever recorded as in service, so --drop-previous later is refused as well.
  t.match(await failureOf(choose({ dropPrevious: true })), { next: /^omit --drop-previous, .* yourself/ })
})

t.test('what is pointed by hand is not restored together with what is switched by name; by patch it is', async (t) => {
  const at = '2026-11-16T09:30:00.000Z'
  const account = { ...dynamodb(at, false), kind: 'cosmos', title: 'cosmos://ledger.documents.azure.com', details: {} }
  const backup = backupOf('mixed', at, account)
  const beside = (kind: string) => ({ ...account, kind, title: `${kind}://other`, storages: ['ledger/other'] })
  const choose = (kind: string, flags: Partial<Parameters<typeof chooseRestore>[0]> = {}) => {
    const record = { ...backup, backup: { ...backup.backup, databases: [account, beside(kind)] } }
    return chooseRestore({ ...none, ...flags }, record, () => [])
  }
  const apart = 'each by its own means, all to 2026-11-16T09:30:00.000Z: kubectl scalardl describe backup backup-mixed'
  for (const flags of [{}, { repoint: 'print' }] as const)
    t.match(await failureOf(choose('postgresql', flags)), {
      exitCode: 2,
      what: /^backup mixed cannot be restored in one operation$/,
      why: /^Cosmos DB is .* by hand; PostgreSQL cannot/,
      next: `restore it with --repoint patch; or restore ${apart}`,
    })
  t.strictSame((await choose('postgresql', { repoint: 'patch' })).choice, { repoint: 'patch' })
  // One moment alone is held of what was dumped.
  t.match(await failureOf(choose('postgresql', { repoint: 'patch', at })), { exitCode: 2, what: /--at/ })
  const instance = { ...account, kind: 'rds', title: 'rds://ledger' }
  const record = { ...backup, backup: { ...backup.backup, databases: [instance, beside('postgresql')] } }
  for (const repoint of [undefined, 'print', 'patch'] as const)
    t.match(await failureOf(chooseRestore({ ...none, repoint }, record, () => [])), {
      exitCode: 2,
      why: /^Amazon RDS is .* by hand; PostgreSQL cannot/,
      next: `restore ${apart}`,
    })
  t.match(await failureOf(choose('mysql')), { why: /MySQL/ })
  t.match((await choose('cosmos')).choice, { repoint: 'print' })
})
