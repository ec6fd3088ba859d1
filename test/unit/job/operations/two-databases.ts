import { join } from 'node:path'
import type { Test } from 'tap'
import { jsonLineEvents } from '../../../../job/process/events.ts'
import { work } from '../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../operation/event.ts'
import type { OperationRequest, RequestOf } from '../../../../operation/request.ts'
import type { LocalMysql } from '../../../stand-ins/mysql/local-server.ts'
import type { LocalPostgresql } from '../../../stand-ins/postgresql/local-server.ts'
import { createLedgerSchemas, contentOf as contentOfMysql } from '../databases/mysql/ledger-schemas.ts'
import { createLedgerDatabase, contentOf as contentOfPostgresql } from '../databases/postgresql/ledger-database.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { pauseRequest } from '../pausing-context.ts'
import { startLedger } from '../servers/ledgers.ts'

/** How the releases name their databases. */
export type Layout = 'one release with two storages' | 'two releases'
let number = 0

/** The servers, and where their backups go: a folder for the claim, or an object store's location. */
export interface Ground {
  mysql: LocalMysql
  postgresql: LocalPostgresql
  to: (scene: string) => string
}

export type Scene = Awaited<ReturnType<typeof twoDatabases>>

/** Both databases filled, the releases that use them, and a writer's means. */
export async function twoDatabases(t: Test, layout: Layout, { mysql, postgresql, to: placeOf }: Ground) {
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
  const to = placeOf(suffix)
  const backup: RequestOf<'backup'> = {
    ...shared,
    kind: 'backup',
    operation: 'backup-both',
    pauseMode: 'auto',
    schemas: [],
    retries: 0,
    to,
  }
  const restore: RequestOf<'restore'> = {
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
    /** what every request of the scene has */
    common: shared,
    backup,
    restore,
    suffix,
    run: (request: OperationRequest, heard: (event: WorkerEvent) => void = () => undefined, signal = held) =>
      work(request, {
        cluster,
        events: jsonLineEvents((line) => heard(JSON.parse(line) as WorkerEvent)),
        signal,
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
