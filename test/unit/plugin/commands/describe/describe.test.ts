import t from 'tap'
import { newRecord, type OperationRecord } from '../../../../../operation/record.ts'
import { describeRecord } from '../../../../../plugin/commands/describe/describe-record.ts'
import { describeDatabase } from '../../../../../plugin/commands/describe/describe-database.ts'
import { timeLine } from '../../../../../plugin/commands/describe/time-line.ts'

const at = (seconds: number) => new Date(Date.parse('2026-11-21T09:00:00Z') + seconds * 1000).toISOString()

const record: OperationRecord = {
  ...newRecord({
    operation: 'backup-b',
    kind: 'backup',
    namespace: 'ns',
    releases: ['my-ledger'],
    createdAt: at(0),
    plugin: '0.1.0',
  }),
  state: 'succeeded',
  startedAt: at(0),
  finishedAt: at(40),
  phases: [
    { name: 'preflight', startedAt: at(0), finishedAt: at(10) },
    { name: 'pause', startedAt: at(10), finishedAt: at(20) },
    { name: 'dump', startedAt: at(20), finishedAt: at(40) },
  ],
  windows: [
    {
      endpoints: [{ address: '10.0.0.7:50053', pod: 'my-ledger-0' }],
      pauseSentAt: at(12),
      allPausedAt: at(13),
      unpauseSentAt: at(17),
      allUnpausedAt: at(18),
      verdict: 'valid',
      reasons: [],
    },
  ],
}

t.test('the time line shows phases and the pause on one scale', (t) => {
  t.strictSame(timeLine(record), [
    'preflight    +0 ms  10.0 s  │━━━━━━━━━━━━                                    │',
    'pause      +10.0 s  10.0 s  │            ━━━━━━━━━━━━                        │',
    '▸ paused   +12.0 s   6.0 s  │              ████████                          │',
    'dump       +20.0 s  20.0 s  │                        ━━━━━━━━━━━━━━━━━━━━━━━━│',
  ])
  t.end()
})

t.test('a backup by Cassy: where it is, and what the loss of one node asks for', (t) => {
  const told = describeDatabase({
    storages: ['default'],
    kind: 'cassandra',
    title: 'cassandra://db:9042',
    tables: [{ schema: 'scalar', name: 'asset' }],
    snapshotAt: at(15),
    serviceBackups: 1,
    details: {
      cassy: 'cassy.cassandra:20051',
      cassyStorage: 's3://cassy',
      clusterId: 'ring-1',
      snapshotId: 'snapshot-1',
      nodes: [],
      lostNode: 'The loss of one node needs no pause',
    },
  }).join('\n')
  for (const line of [
    /^Snapshot: +snapshot-1$/m,
    /^Cassy: +cassy\.cassandra:20051$/m,
    /^Its cluster: +ring-1$/m,
    /^Its storage: +s3:\/\/cassy$/m,
    /^One node lost: +The loss of one node needs no pause$/m,
    /^scalar\.asset/m,
  ])
    t.match(told, line)
  t.end()
})

t.test('what has not ended is drawn up to now', (t) => {
  const running: OperationRecord = {
    ...record,
    state: 'running',
    windows: [],
    phases: [{ name: 'dump', startedAt: at(0) }],
  }
  delete running.finishedAt
  t.match(timeLine(running, Date.parse(at(5)))[0], /dump {2}\+0 ms {2}5\.0 s… {2}│━{48}│/)
  t.strictSame(timeLine({ ...running, phases: [] }), [])
  t.end()
})

t.test('the proof of the pause, the data and what went wrong are told', (t) => {
  const text = describeRecord(
    {
      ...record,
      state: 'failed',
      failure: { what: 'the dump failed', why: 'the disk is full', next: 'make room' },
      stillPaused: ['10.0.0.7:50053'],
      backup: {
        name: 'b',
        state: 'unusable',
        databases: [
          {
            storages: ['default'],
            kind: 'postgresql',
            title: 'postgresql://db/ledger',
            tables: [{ schema: 'scalar', name: 'asset', rows: 12 }],
            bytes: 2048,
            details: {},
          },
        ],
      },
    },
    [{ name: 'dump db-0', startedAt: at(20) }],
  )
  for (const part of [
    /All paused for: +4\.0 s/,
    /my-ledger-0 \(10\.0\.0\.7:50053\)/,
    /scalar\.asset +12/,
    /2\.0 KiB/,
    /the disk is full/,
    /Unfinished steps:\n +dump db-0/,
    /STILL PAUSED:\n +10\.0\.0\.7:50053\n.*unpause my-ledger -n ns\n.*unpause my-ledger -n ns --direct/,
  ])
    t.match(text, part)
  t.end()
})

t.test('a backup that its service keeps tells where and how long, and nothing of files', (t) => {
  const database = {
    storages: ['ledger/default'],
    kind: 'dynamodb',
    title: 'dynamodb://eu-west-1',
    tables: [{ schema: 'scalar', name: 'asset' }],
    snapshotAt: at(15),
    serviceBackups: 1,
    details: { region: 'eu-west-1', account: '123456789012', restorableUntil: at(86_400) },
  }
  const text = describeRecord(
    { ...record, backup: { name: 'b', state: 'restorable', restorePoint: at(15), databases: [database] } },
    [],
  )
  for (const part of [
    /Location: +dynamodb:\/\/eu-west-1\n/,
    /Region: +eu-west-1/,
    /Account: +123456789012/,
    /Restorable until: +2026-11-22T09:00:00/,
    /Materialized: +1 of 1 tables/,
    /TABLE *\n +scalar.asset *$/,
  ])
    t.match(text, part)
  t.notMatch(text, /Folder|Size|ROWS/)
  t.end()
})

t.test('a pause that the guard ended says so, with why and how long it had lasted', (t) => {
  const {
    allUnpausedAt: _,
    unpauseSentAt: __,
    ...window
  } = record.windows[0] ?? { endpoints: [], pauseSentAt: at(12), verdict: 'open' as const, reasons: [] }
  const interventions = [
    { at: at(15), pause: 1, why: 'the worker was gone', unpaused: ['10.0.0.7:50053'], stillPaused: [] },
  ]
  const guarded: OperationRecord = {
    ...record,
    state: 'failed',
    windows: [{ ...window, verdict: 'void', reasons: ['the worker was killed'] }],
    guard: { pod: 'guard-x', node: 'node-b', interventions },
  }
  t.match(timeLine(guarded)[2], /^▸ paused, the guard ended it {2}\+12\.0 s {3}3\.0 s {2}│ {14}████ /)
  const text = describeRecord(guarded, [])
  for (const part of [
    /guard on node-b/,
    /Any paused for: +3\.0 s/,
    /the guard unpaused 1 server at .*, 3\.0 s after the pause was sent: the worker was gone/,
  ])
    t.match(text, part)
  t.notMatch(text, /STILL PAUSED/)

  const part = {
    ...guarded,
    guard: {
      pod: 'guard-x',
      node: 'node-b',
      interventions: [
        { ...interventions[0], at: at(15), pause: 1, why: 'x', unpaused: [], stillPaused: ['10.0.0.7:50053'] },
      ],
    },
  }
  t.notMatch(timeLine(part)[2], /the guard ended it/)
  t.match(describeRecord(part, []), /; not 10\.0\.0\.7:50053: x/)
  t.end()
})

t.test("who asked for it is told in the API server's word, or why it is not known", (t) => {
  const line = (requestedBy: OperationRecord['requestedBy']) =>
    /^Requested by:? +(.*)$/m.exec(describeRecord({ ...record, requestedBy }, []))?.[1]
  t.equal(line({ user: 'alice@example.com' }), 'alice@example.com')
  t.equal(line({ unknown: 'the API server names nobody' }), 'not known: the API server names nobody')
  t.equal(line(undefined), undefined, 'records of older versions')
  t.end()
})
