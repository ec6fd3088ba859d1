import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { jsonLineEvents } from '../../../../job/process/events.ts'
import { work } from '../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../operation/event.ts'
import { mounts, type OperationRequest } from '../../../../operation/request.ts'
import { startMysql } from '../../../stand-ins/mysql/local-server.ts'
import { startPostgresql } from '../../../stand-ins/postgresql/local-server.ts'
import { createLedgerSchemas, contentOf as contentOfMysql } from '../databases/mysql/ledger-schemas.ts'
import { createLedgerDatabase, contentOf as contentOfPostgresql } from '../databases/postgresql/ledger-database.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { pauseRequest } from '../pausing-context.ts'
import { startLedger } from '../servers/ledgers.ts'

// Whole operations over databases of two kinds, on real servers: one window, one record, one point or none.

const [mysql, postgresql] = await Promise.all([startMysql(), startPostgresql()])
t.teardown(() => Promise.all([mysql.stop(), postgresql.stop()]))
process.env['PATH'] = `${postgresql.tools}:${process.env['PATH'] ?? ''}`
// The claim, as the kubelet would mount it.
const volume = t.testdir()
Object.assign(mounts, { volume })

/** How the releases name their databases. */
type Layout = 'one release with two storages' | 'two releases'
let number = 0

/** Both databases filled, the releases that use them, and a writer's means. */
async function scene(t: Test, layout: Layout) {
  number += 1
  const [database, suffix] = [`ledger_${number}`, `_${number}`]
  const client = await createLedgerDatabase(postgresql, database, 100)
  await client.query('CREATE TABLE scalar.pair (id int PRIMARY KEY)')
  await client.end()
  const schemas = await createLedgerSchemas(mysql, suffix, 100)
  const connection = await mysql.connect()
  t.teardown(() => connection.end())
  await connection.query(`CREATE TABLE scalar${suffix}.pair (id int PRIMARY KEY)`)

  const inPostgresql = (prefix: string) => [
    `${prefix}storage=jdbc`,
    `${prefix}contact_points=jdbc:postgresql://${postgresql.host}:${postgresql.port}/${database}`,
    `${prefix}username=${postgresql.superuser}`,
    `${prefix}password=${postgresql.password}`,
  ]
  const inMysql = (prefix: string) => [
    `${prefix}storage=jdbc`,
    `${prefix}contact_points=jdbc:mysql://${mysql.host}:${mysql.port}/`,
    `${prefix}username=${mysql.user}`,
    `${prefix}password=${mysql.password}`,
    `${prefix}jdbc.table_metadata.schema=scalardb${suffix}`,
    `${prefix}consensus_commit.coordinator.namespace=coordinator${suffix}`,
  ]
  const several = 'scalar.db.multi_storage.'
  const properties: Record<string, string[]> =
    layout === 'two releases'
      ? { ledger: inMysql('scalar.db.'), auditor: inPostgresql('scalar.db.') }
      : {
          ledger: [
            'scalar.db.storage=multi-storage',
            `${several}storages=first,second`,
            `${several}default_storage=first`,
            `${several}namespace_mapping=coordinator:first,scalar${suffix}:second`,
            ...inPostgresql(`${several}storages.first.`),
            ...inMysql(`${several}storages.second.`),
          ],
        }
  const apps = Object.keys(properties)
  const folder = t.testdir(Object.fromEntries(apps.map((app) => [app, (properties[app] ?? []).join('\n')])))
  const servers = await Promise.all(apps.map((app) => startLedger({ release: `my-${app}` })))
  t.teardown(() => servers.forEach((server) => server.stop()))
  const pods = servers.map(({ pod }, index) => ({ ...pod, app: apps[index] ?? '' }))

  const cluster = inMemoryCluster(pods)
  const replicas = new Map(apps.map((app) => [`my-${app}`, 1]))
  cluster.workloads = async () =>
    [...replicas].map(([name, count]) => ({ name, release: name, replicas: count, readyReplicas: count }))
  cluster.scale = async (name, count) => {
    replicas.set(name, count)
    cluster.pods = pods.filter(({ release }) => (replicas.get(release) ?? 0) > 0)
    for (const server of servers) if (count > 0 && server.pod.release === name) server.gate.open()
  }

  const { kind: _, durationMs: __, target, ...common } = pauseRequest()
  const releases = apps.map((app) => ({
    name: `my-${app}`,
    app,
    properties: { file: join(folder, app), envPrefix: '' },
  }))
  const shared = { ...common, target: { ...target, releases }, parallel: 2 }
  const to = `pvc://backups/${suffix}`
  const backup: OperationRequest = {
    ...shared,
    kind: 'backup',
    operation: 'backup-both',
    pauseMode: 'auto',
    schemas: [],
    retries: 0,
    to,
  }
  const restore: OperationRequest = {
    ...shared,
    kind: 'restore',
    operation: 'restore-both',
    backup: 'backup-both',
    dropPrevious: false,
    readyMs: 5000,
  }
  const held = new AbortController().signal
  const inDatabase = async <T>(run: (client: Awaited<ReturnType<typeof postgresql.connect>>) => Promise<T>) => {
    const client = await postgresql.connect(database)
    try {
      return await run(client)
    } finally {
      await client.end()
    }
  }
  return {
    cluster,
    replicas,
    backup,
    restore,
    dump: join(volume, suffix),
    run: (request: OperationRequest, heard: (event: WorkerEvent) => void = () => undefined) =>
      work(request, {
        cluster,
        events: jsonLineEvents((line) => heard(JSON.parse(line) as WorkerEvent)),
        signal: held,
      }),
    /** writes one row to each database, as one request that no pause may part */
    async pair(id: number) {
      for (const { gate } of servers) await gate.letIn()
      await inDatabase((client) => client.query('INSERT INTO scalar.pair VALUES ($1)', [id]))
      await connection.query(`INSERT INTO scalar${suffix}.pair VALUES (?)`, [id])
      for (const { gate } of servers) gate.letOut()
    },
    async pairs() {
      const { rows } = await inDatabase((client) =>
        client.query<{ id: number }>('SELECT id FROM scalar.pair ORDER BY id'),
      )
      const [other] = await connection.query(`SELECT id FROM scalar${suffix}.pair ORDER BY id`)
      return [rows.map(({ id }) => id), (other as { id: number }[]).map(({ id }) => id)] as const
    },
    content: async () => [await inDatabase(contentOfPostgresql), await contentOfMysql(connection, schemas)],
    /** every database and schema of the two servers, to see what is left behind */
    async names() {
      const { rows } = await inDatabase((client) => client.query('SELECT datname FROM pg_database ORDER BY 1'))
      const [found] = await connection.query('SHOW DATABASES')
      return [rows, found]
    },
  }
}

for (const layout of ['one release with two storages', 'two releases'] as const) {
  t.test(`${layout}: one window, one record, and one restore that brings both to its point`, async (t) => {
    const s = await scene(t, layout)
    const stop = new AbortController()
    const writing = (async () => {
      for (let id = 1; !stop.signal.aborted; id += 1) await s.pair(id)
    })()
    t.equal(await s.run(s.backup), 0)
    stop.abort()
    await writing

    t.equal(s.cluster.recordsByName.size, 1)
    const taken = s.cluster.recordsByName.get('backup-both')
    t.match(taken, { windows: { length: 1 }, backup: { state: 'restorable', databases: { length: 2 } } })
    const [window] = taken?.windows ?? []
    t.equal(window?.verdict, 'valid')
    t.strictSame(taken?.backup?.databases.map(({ kind }) => kind).sort(), ['mysql', 'postgresql'])
    for (const { title, snapshotAt = '' } of taken?.backup?.databases ?? []) {
      t.ok(snapshotAt >= (window?.allPausedAt ?? 'none'), `${title} was read after all were paused`)
      t.ok(snapshotAt <= (window?.unpauseSentAt ?? ''), `${title} was read before one was unpaused`)
    }
    const [later] = await s.pairs()

    t.equal(await s.run(s.restore), 0)
    const [first, second] = await s.pairs()
    t.ok(first.length > 0 && first.length < later.length, 'the point lies amid the writing')
    t.strictSame(first, second, 'both have the same requests')
    t.match(s.cluster.recordsByName.get('restore-both'), {
      state: 'succeeded',
      restore: { serving: 'restored', databases: { length: 2 } },
    })
    t.ok([...s.replicas.values()].every((count) => count === 1))
  })
}

for (const kind of ['mysql', 'postgresql'] as const) {
  t.test(`where ${kind} cannot be loaded, neither database is switched`, async (t) => {
    const s = await scene(t, 'one release with two storages')
    await s.pair(1)
    t.equal(await s.run(s.backup), 0)
    await s.pair(2)
    const [content, names] = [await s.content(), await s.names()]

    const phases: string[] = []
    const damage = ({ code, message }: WorkerEvent) => {
      if (code !== 'phase') return
      phases.push(message)
      if (message === 'load') flipLast(join(s.dump, 'both'), kind)
    }
    t.equal(await s.run(s.restore, damage), 1)
    t.ok(phases.includes('verify') && phases.includes('load'), 'it was whole when it was verified')
    t.notOk(phases.includes('switch'), 'nothing is switched')
    t.strictSame(await s.content(), content)
    t.strictSame(await s.names(), names, 'nothing is left beside them')
    t.match(s.cluster.recordsByName.get('restore-both'), {
      state: 'failed',
      // MySQL's rows end within their compression, whose own check comes before the hash's.
      failure: { what: /^the backup of .* is damaged$/, why: /has changed since the backup|cannot be decompressed/ },
      restore: { serving: 'previous' },
    })
    t.ok([...s.replicas.values()].every((count) => count === 1))
  })
}

/** Changes the last byte of the largest file of one database's dump. */
function flipLast(backup: string, kind: string): void {
  const files = globSync(`${backup}/${kind}-*/**`).filter((path) => statSync(path).isFile() && !/manifest/.test(path))
  const [largest = ''] = files.sort((a, b) => statSync(b).size - statSync(a).size)
  const bytes = readFileSync(largest)
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  writeFileSync(largest, bytes)
}
