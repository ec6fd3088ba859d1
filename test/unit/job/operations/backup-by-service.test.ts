import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { readDetails } from '../../../../job/databases/dynamodb/details.ts'
import { jsonLineEvents } from '../../../../job/process/events.ts'
import { Interrupted } from '../../../../job/process/interrupted.ts'
import { work } from '../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../operation/event.ts'
import type { RequestOf } from '../../../../operation/request.ts'
import { startAws } from '../../../stand-ins/aws/aws.ts'
import { accessKey, createInstallation, region, secretKey } from '../databases/dynamodb/installation.ts'
import { guard } from '../../../../job/guard/process/guard.ts'
import { freePort } from '../../../stand-ins/free-port.ts'
import { guardPod, key, workerPod } from '../guard/two-pods.ts'
import { inMemoryCluster, type InMemoryCluster } from '../in-memory-cluster.ts'
import { pauseRequest } from '../pausing-context.ts'
import { startLedgers, type Ledger } from '../servers/ledgers.ts'

const phases = { createTable: 5, deleteTable: 5, updateTable: 5, createIndex: 5, restore: 50, createBackup: 50 }
const aws = await startAws({ settings: { restorableLagMs: 500, phases, limits: { ratePerSecond: {} } } })
const installation = await createInstallation(aws)
t.teardown(async () => {
  installation.close()
  await aws.stop()
})

interface Scene {
  ledgers: Ledger[]
  cluster: InMemoryCluster
  request: RequestOf<'backup'>
  /** a worker of the operation */
  worker(): { ended: Promise<number>; stop: AbortController; events: WorkerEvent[] }
}

/** A release whose properties name the DynamoDB, and the request for a backup of it. */
async function scene(t: Test, changes: Partial<RequestOf<'backup'>> = {}): Promise<Scene> {
  const ledgers = await startLedgers(2)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  const properties = [
    'scalar.db.storage=dynamo',
    `scalar.db.contact_points=${region}`,
    `scalar.db.username=${accessKey}`,
    `scalar.db.password=${secretKey}`,
    `scalar.db.dynamo.endpoint_override=${aws.endpoint}`,
  ]
  const folder = t.testdir({ 'ledger.properties': properties.join('\n') })
  const {
    kind: _kind,
    target,
    ...common
  } = pauseRequest({ operation: 'backup-a', pause: { drainMs: 1000, maxPauseMs: 30_000, guard: false } })
  const request: RequestOf<'backup'> = {
    ...common,
    kind: 'backup',
    target: {
      ...target,
      releases: [
        {
          name: 'my-ledger',
          app: 'ledger',
          properties: { file: `${folder}/ledger.properties`, envPrefix: 'RELEASE_0_' },
        },
      ],
    },
    pauseMode: 'auto',
    schemas: [],
    retries: 0,
    parallel: 2,
    ...changes,
  }
  const worker = () => {
    const stop = new AbortController()
    const events: WorkerEvent[] = []
    const say = jsonLineEvents((line) => events.push(JSON.parse(line) as WorkerEvent))
    return { ended: work(request, { cluster, events: say, signal: stop.signal }), stop, events }
  }
  return { ledgers, cluster, request, worker }
}

const backupOf = ({ cluster }: Scene) => cluster.recordsByName.get('backup-a')?.backup
const windowsOf = ({ cluster }: Scene) => cluster.recordsByName.get('backup-a')?.windows ?? []

async function untilState(s: Scene, state: string): Promise<void> {
  while (backupOf(s)?.state !== state) await sleep(10)
}

t.test(
  'without a storage: recorded when the pause is over, restorable when AWS can bring the point back',
  async (t) => {
    const s = await scene(t)
    aws.set({ restorableLagMs: 2_500 })
    const worker = s.worker()
    await untilState(s, 'recorded')
    t.strictSame(
      s.ledgers.map(({ gate }) => gate.isOpen),
      [true, true],
      'nothing is paused while it waits',
    )
    t.equal(await worker.ended, 0)
    const reachMs = aws.now() - 2_500
    aws.set({ restorableLagMs: 500 })
    const [window] = windowsOf(s)
    const backup = backupOf(s)
    t.match(backup, {
      state: 'restorable',
      location: undefined,
      databases: [{ kind: 'dynamodb', title: 'dynamodb://eu-west-1', snapshotAt: backup?.restorePoint }],
    })
    const pointMs = Date.parse(backup?.restorePoint ?? '')
    t.ok(pointMs <= reachMs, 'it waited until the point could be restored')
    t.ok(
      pointMs > Date.parse(window?.allPausedAt ?? '') && pointMs + 1000 <= Date.parse(window?.unpauseSentAt ?? ''),
      "the point's whole second lies in the pause",
    )
    const names = s.cluster.recordsByName.get('backup-a')?.phases.map(({ name }) => name)
    t.strictSame(names, ['preflight', 'connect', 'pause', 'wait until restorable'])
    t.notOk(
      JSON.stringify([...s.cluster.recordsByName.values(), ...s.cluster.journals.values(), worker.events]).includes(
        secretKey,
      ),
      'no secret is left anywhere',
    )
  },
)

t.test('the guard ends with the last pause, not with the backup', async (t) => {
  const s = await scene(t, { retries: 1, pause: { drainMs: 1000, maxPauseMs: 30_000, guard: true } })
  const { cluster, request } = s
  cluster.podsOfOperation = [workerPod, guardPod]
  const port = await freePort()
  const events = jsonLineEvents(() => undefined)
  const stop = new AbortController()
  t.teardown(() => stop.abort(new Interrupted('SIGTERM')))
  aws.set({ restorableLagMs: 60_000 })
  const worker = work(request, { cluster, events, key, signal: stop.signal, guardPort: port })
  t.equal(await guard(request, { cluster, events, key, signal: stop.signal, pod: guardPod.name, port }), 0)
  t.equal(backupOf(s)?.state, 'recorded')
  aws.set({ restorableLagMs: 500 })
  t.equal(await worker, 0)
})

t.test('a backup holds the pause as long as it is told', async (t) => {
  const s = await scene(t, { holdMs: 4000 })
  t.equal(await s.worker().ended, 0)
  const [window] = windowsOf(s)
  t.match(window, { verdict: 'valid' })
  t.ok(Date.parse(window?.unpauseSentAt ?? '') - Date.parse(window?.allPausedAt ?? '') >= 4000)
})

t.test('a worker that is replaced while it waits: one pause, one point', async (t) => {
  const s = await scene(t)
  aws.set({ restorableLagMs: 60_000 })
  const first = s.worker()
  await untilState(s, 'recorded')
  const point = backupOf(s)?.restorePoint
  await sleep(300)
  first.stop.abort(new Interrupted('SIGTERM'))
  t.equal(await first.ended, 143)
  aws.set({ restorableLagMs: 500 })
  t.equal(await s.worker().ended, 0)
  t.equal(windowsOf(s).length, 1, 'nothing was paused a second time')
  t.match(backupOf(s), { state: 'restorable', restorePoint: point, databases: [{ snapshotAt: point }] })
})

t.test('a pause that could not be had is tried again with --retries, and only then', async (t) => {
  for (const [retries, exitCode, verdicts] of [
    [0, 3, ['void']],
    [1, 0, ['void', 'valid']],
  ] as const) {
    const s = await scene(t, { retries, pause: { drainMs: 200, maxPauseMs: 30_000, guard: false } })
    const [busy] = s.ledgers
    busy?.gate.occupy()
    const worker = s.worker()
    while (!worker.events.some(({ code }) => code === 'unpaused')) await sleep(10)
    busy?.gate.letOut()
    t.equal(await worker.ended, exitCode)
    t.strictSame(
      windowsOf(s).map(({ verdict }) => verdict),
      verdicts,
    )
    t.match(windowsOf(s)[0]?.reasons.join(), /in flight were not finished in time/)
    t.ok(s.ledgers.every(({ gate }) => gate.isOpen))
  }
})

t.test('a table made after the preflight spoils the pause, and --retries looks anew', async (t) => {
  const { client } = installation
  const name = 'scalar.late'
  const metadata = { TableName: 'scalardb.metadata' }
  const key = { table: { S: name } }
  /** As a schema loader does it, while the worker gets ready to pause. */
  const made = async (s: Scene, recovery: boolean) => {
    const { watchReleases } = s.cluster
    s.cluster.watchReleases = async (...all) => {
      s.cluster.watchReleases = watchReleases
      await client.createTable({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'a', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'a', KeyType: 'HASH' }],
      })
      while ((await client.describeTable({ TableName: name })).Table?.TableStatus !== 'ACTIVE') await sleep(10)
      if (recovery)
        await client.updateContinuousBackups({
          TableName: name,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        })
      await client.putItem({ ...metadata, Item: key })
      return watchReleases(...all)
    }
  }
  const dropped = async () => {
    await client.deleteItem({ ...metadata, Key: key })
    await client.deleteTable({ TableName: name })
    while ((await client.listTables({})).TableNames?.includes(name) === true) await sleep(10)
  }
  const known = (s: Scene) => backupOf(s)?.databases.flatMap(({ tables }) => tables.map((table) => table.name))

  const once = await scene(t, { retries: 0 })
  await made(once, true)
  t.equal(await once.worker().ended, 3)
  t.match(windowsOf(once), [{ verdict: 'void', reasons: [/scalar\.late was made/] }])
  t.equal(backupOf(once)?.state, 'unusable')
  await dropped()

  const again = await scene(t, { retries: 1 })
  await made(again, true)
  t.equal(await again.worker().ended, 0)
  t.strictSame(
    windowsOf(again).map(({ verdict }) => verdict),
    ['void', 'valid'],
  )
  t.ok(known(again)?.includes('late'))
  await dropped()

  const bare = await scene(t, { retries: 1 })
  await made(bare, false)
  t.equal(await bare.worker().ended, 3)
  t.equal(windowsOf(bare).length, 1, 'nothing is paused again for a table without recovery')
  t.match(bare.cluster.recordsByName.get('backup-a')?.failure, { why: /off for 1 of 6 tables: scalar\.late/ })
  await dropped()
  t.ok([once, again, bare].every(({ ledgers }) => ledgers.every(({ gate }) => gate.isOpen)))
})

t.test('a longest pause too short for a restore point is refused before anything is paused', async (t) => {
  const s = await scene(t, { pause: { drainMs: 500, maxPauseMs: 1500, guard: false } })
  t.equal(await s.worker().ended, 1)
  t.match(s.cluster.recordsByName.get('backup-a'), {
    state: 'failed',
    windows: { length: 0 },
    failure: { what: /nothing was paused/, why: /--max-pause allows 1\.5 s/ },
  })
  t.ok(
    s.ledgers.every(({ log }) => log.length === 0),
    'no server was told anything',
  )
})

t.test('what fails before the pause is refused, and nothing is paused', async (t) => {
  const s = await scene(t)
  await installation.client.updateContinuousBackups({
    TableName: 'scalar.contract',
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
  })
  t.equal(await s.worker().ended, 1)
  await installation.client.updateContinuousBackups({
    TableName: 'scalar.contract',
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  })
  t.match(s.cluster.recordsByName.get('backup-a'), {
    state: 'failed',
    windows: { length: 0 },
    failure: { why: /off for 1 of 5 tables: scalar.contract/, next: /update-continuous-backups/ },
  })
  t.ok(
    s.ledgers.every(({ log }) => log.length === 0),
    'no server was told anything',
  )
})

t.test('a point whose materializing fails stays restorable, without a trace of the attempt', async (t) => {
  const s = await scene(t, { materialize: true })
  aws.set({
    faults: [
      {
        operation: 'CreateBackup',
        table: 'restoring.*contract',
        effect: 'error',
        error: { code: 'AccessDeniedException' },
      },
    ],
  })
  t.equal(await s.worker().ended, 1)
  aws.set({ faults: [] })
  t.match(s.cluster.recordsByName.get('backup-a'), {
    state: 'failed',
    backup: { state: 'restorable', restorePoint: String },
    failure: { next: /can be restored as long as/ },
  })
  t.strictSame(((await installation.client.listTables({})).TableNames ?? []).sort(), installation.tables)
  t.strictSame((await installation.client.listBackups({})).BackupSummaries ?? [], [])
})

t.test('materialized, and deleted again', async (t) => {
  const s = await scene(t, { materialize: true })
  t.equal(await s.worker().ended, 0)
  const [entry] = backupOf(s)?.databases ?? []
  if (entry === undefined) throw new Error('nothing was backed up')
  t.equal(entry.serviceBackups, 5)
  t.equal(readDetails(entry).tables.filter(({ materialized }) => materialized !== undefined).length, 5)
  const {
    kind: _kind,
    pauseMode: _mode,
    schemas: _schemas,
    retries: _retries,
    parallel: _parallel,
    materialize: _materialize,
    pause: _pause,
    ...common
  } = s.request
  const ended = work(
    { ...common, kind: 'delete', operation: 'delete-a', backup: 'backup-a' },
    { cluster: s.cluster, events: jsonLineEvents(() => undefined), signal: new AbortController().signal },
  )
  t.equal(await ended, 0)
  t.strictSame((await installation.client.listBackups({})).BackupSummaries ?? [], [])
})

t.test(
  'a worker killed once all is materialized: the next one looks at nothing again, and loses none of it',
  async (t) => {
    const s = await scene(t, { materialize: true })
    const first = s.worker()
    const { writeRecord } = s.cluster
    s.cluster.writeRecord = async (record) => {
      await writeRecord(record)
      if (record.backup?.databases[0]?.serviceBackups !== 5) return
      s.cluster.writeRecord = writeRecord
      first.stop.abort(new Interrupted('SIGTERM'))
      throw first.stop.signal.reason
    }
    t.equal(await first.ended, 143)
    const { databases } = backupOf(s) ?? {}
    aws.set({
      faults: ['ListBackups', 'DescribeTable'].map((operation) => ({
        operation,
        effect: 'error',
        error: { code: 'AccessDeniedException' },
      })),
    })
    t.equal(await s.worker().ended, 0)
    aws.set({ faults: [] })
    t.match(backupOf(s), { state: 'restorable', databases })
    t.equal((await installation.client.listBackups({})).BackupSummaries?.length, 5)
  },
)
