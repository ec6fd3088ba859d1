import t from 'tap'
import { newRecord } from '../../../../../operation/record.ts'
import type { RestoreChoice } from '../../../../../operation/restore-options.ts'
import { checkBackup } from '../../../../../plugin/commands/restore/find-record.ts'
import { restorePlan, resumePlan, undoPlan } from '../../../../../plugin/commands/restore/plan.ts'
import { chartRelease } from '../../kubernetes/jobs/compose/chart-deployment.ts'
import { refused } from '../../refused.ts'

const plain = (_kind: string, text: string) => text
const pending = newRecord({
  operation: 'backup-b',
  kind: 'backup',
  namespace: 'led',
  releases: ['my-ledger'],
  createdAt: '2026-11-21T09:30:00Z',
  plugin: '0.1.0',
})
const record = {
  ...pending,
  state: 'succeeded' as const,
  backup: {
    name: 'b',
    state: 'restorable' as const,
    restorePoint: '2026-11-21T09:30:05.000Z',
    location: 'pvc://backups/b',
    databases: [
      {
        storages: ['default'],
        kind: 'postgresql',
        title: 'postgresql://db/ledger',
        tables: [{ schema: 'scalar', name: 'asset', rows: 7 }],
        bytes: 2_000_000,
        details: {},
      },
    ],
  },
}

t.test('what is restored by hand: the plan tells who does what, and that there is no way back', async (t) => {
  const entry = {
    storages: ['default'],
    kind: 'cassandra',
    title: 'cassandra://db:9042',
    tables: [],
    details: {
      tag: 'backup-b.20261121-093000.x',
      namespace: 'db',
      nodes: [{ pod: 'c-0' }],
      lostNode: 'The loss of one',
    },
  }
  const plan = restorePlan(
    { ...record, backup: { ...record.backup, databases: [entry] } },
    [{ release: chartRelease(), databases: undefined, ending: { seconds: 30, because: 'its default' } }],
    { dropPrevious: false, replicas: undefined, choice: undefined },
    plain,
  )
  t.match(plan, /it stops the releases, tells you what to do, and ends with exit code 7/)
  t.match(plan, /keep the snapshot backup-b\.20261121-093000\.x: it is in pods c-0 of namespace db/)
  t.match(plan, /NO --undo/)
  t.match(plan, /The loss of one\n/)
  t.match(plan, /as long as your part takes, and what the pods take to start/)
  t.notMatch(plan, /kept beside/)
  const waiting = {
    ...newRecord({ ...pending, operation: 'restore-b', kind: 'restore', plugin: '0.1.0' }),
    restore: {
      backup: 'backup-b',
      databases: [],
      serving: 'nothing' as const,
      wayBack: [],
      waitsFor: ['do this'],
      replicas: { [chartRelease().deployment?.metadata?.name ?? '']: 3 },
    },
  }
  const stopped = chartRelease()
  if (stopped.deployment?.spec !== undefined) stopped.deployment.spec.replicas = 0
  t.match(resumePlan(waiting, [stopped], { replicas: undefined }, plain), /do this[\s\S]*stands at 0, up to 3/)
})

t.test(
  'what Cassy restores: the plan tells whose turn it is when, and which case the loss of one node is',
  async (t) => {
    const entry = {
      storages: ['default'],
      kind: 'cassandra',
      title: 'cassandra://db:9042',
      tables: [],
      details: {
        cassy: 'cassy.cassandra:20051',
        cassyStorage: 's3://cassy',
        clusterId: 'ring-1',
        snapshotId: 'snapshot-1',
        nodes: [{ address: '10.0.0.1' }, { address: '10.0.0.2' }],
        lostNode: 'The loss of one node needs no pause',
      },
    }
    const plan = restorePlan(
      { ...record, backup: { ...record.backup, databases: [entry] } },
      [{ release: chartRelease(), databases: undefined, ending: undefined }],
      { dropPrevious: false, replicas: undefined, choice: undefined },
      plain,
    )
    t.match(plan, /The loss of one node needs no pause\n/)
    t.match(plan, /record: 10\.0\.0\.1, 10\.0\.0\.2\./)
    t.match(
      plan,
      /2\. Stop Cassandra[^]*4\. restore NAME --continue: Cassy at cassy\.cassandra:20051[^]*5\. Start Cassandra/,
    )
    t.match(plan, /Once a node of Cassandra was stopped there is NO --undo/)
    t.notMatch(plan, /grpcurl/, 'nothing is to be asked of Cassy by hand')
  },
)

t.test('the plan of what your own tool restores promises no way back', async (t) => {
  const entry = {
    storages: ['default'],
    kind: 'other-database',
    title: 'Oracle Database at db:1521/ORCL',
    tables: [],
    details: { artefacts: ['b.dmp'] },
  }
  const plan = restorePlan(
    { ...record, backup: { ...record.backup, databases: [entry] } },
    [{ release: chartRelease(), databases: undefined, ending: undefined }],
    { dropPrevious: false, replicas: undefined, choice: undefined },
    plain,
  )
  t.match(plan, /Restored by your own command.*\n {2}Oracle Database at db:1521\/ORCL, from b\.dmp/)
  t.match(plan, /--undo cannot bring it back/)
  t.notMatch(plan, /is kept beside/)

  const both = restorePlan(
    { ...record, backup: { ...record.backup, databases: [...record.backup.databases, entry] } },
    [],
    { dropPrevious: false, replicas: undefined, choice: undefined },
    plain,
  )
  t.match(both, 'The data in service now of postgresql://db/ledger is kept beside', 'the other database is not meant')
})

t.test('the plan names databases, releases with their replicas, and what is lost', async (t) => {
  const plan = restorePlan(
    checkBackup(record),
    [
      {
        release: chartRelease(),
        databases: ['postgresql://other:5432/ledger'],
        ending: { seconds: 30, because: 'a key' },
      },
    ],
    { dropPrevious: false, replicas: undefined },
    plain,
  )
  t.match(plan, /postgresql:\/\/db\/ledger: 1 tables, 7 rows, 2\.0 MB/)
  t.match(plan, /use now:\n {2}my-ledger: postgresql:\/\/other:5432\/ledger/, 'what is overwritten')
  t.match(plan, /Outage: 30 s .*\(a key\), some seconds for the switch/)
  t.match(plan, /3 replicas, to 0 and back to 3/)
  t.match(plan, /everything written since 2026-11-21T09:30:05\.000Z/)
  t.match(plan, /is kept beside/)
})

t.test('the plan of an undo says where what it takes out of service is kept', async (t) => {
  const undo = (choice: RestoreChoice) => {
    const restored = { backup: 'backup-b', choice, databases: [], serving: 'restored' as const, wayBack: [] }
    return undoPlan({ ...pending, kind: 'restore', restore: restored }, [], { replicas: undefined, ending: [] }, plain)
  }
  t.match(undo({}), /is kept beside/)
  t.match(undo({ strategy: 'replace' }), /AWS keeps it for 35 days, in system backups/)
})

t.test('--drop-previous says that there is no way back', async (t) => {
  t.match(restorePlan(checkBackup(record), [], { dropPrevious: true, replicas: undefined }, plain), /NO way back/)
})

t.test('a backup that is unusable, unfinished or none is refused with exit code 3', async (t) => {
  t.match(
    refused(() =>
      checkBackup({ ...record, backup: { ...record.backup, state: 'unusable', reason: 'a pod restarted' } }),
    ),
    { exitCode: 3, why: /a pod restarted/ },
  )
  t.match(
    refused(() => checkBackup({ ...record, state: 'running', backup: { ...record.backup, state: 'recorded' } })),
    { exitCode: 3, next: /wait backup-b/ },
  )
  t.match(
    refused(() => checkBackup(pending)),
    { exitCode: 3 },
  )
})
