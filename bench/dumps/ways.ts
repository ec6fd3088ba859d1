// Room: dumps and loads, ours and those of others, as bench:dumps compares them.
// Read ways, worker (ours), process-tree (time and memory of a command), rival-tools.

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { LocalMysql } from '../../test/stand-ins/mysql/local-server.ts'
import type { LocalPostgresql } from '../../test/stand-ins/postgresql/local-server.ts'
import type { DumpAnswer, DumpTask } from './worker.ts'
import { runMeasured, type Ran } from './process-tree.ts'
import { rivalTools } from './rival-tools.ts'

/** What parts of a dump or a load took, by name. */
type Taken = Record<string, Pick<Ran, 'ms' | 'mebibytes'>>

/** One way to dump a database into a folder, and to load that beside it. */
export interface Way {
  title: string
  dump(folder: string): Promise<Taken>
  load(folder: string): Promise<Taken>
}

/** What is dumped, and by how many sessions at once. */
export interface Fill {
  tables: number
  /** of each table, about 500 bytes each */
  rows: number
  sessions: number
}

const schema = 'bank'
const beside = 'bank_beside'
const dumped = 'dump'
const loaded = 'load'

/** The flags of node that the worker's image has. */
async function workerFlags(): Promise<string[]> {
  const dockerfile = await readFile(new URL('../../Dockerfile', import.meta.url), 'utf8')
  const [, command = '[]'] = /^ENTRYPOINT (\[.*worker.cjs"\])$/m.exec(dockerfile) ?? []
  return (JSON.parse(command) as string[]).slice(1, -1)
}

/** As the worker does it, in a process of its own; what its start takes is left out. */
function ours(server: Omit<DumpTask, 'action' | 'schema' | 'folder'>): Way {
  const program = fileURLToPath(import.meta.resolve('./worker.ts'))
  const run = async (action: DumpTask['action'], folder: string): Promise<Taken> => {
    const task: DumpTask = { ...server, action, schema, folder }
    const args = [...(await workerFlags()), program, JSON.stringify(task)]
    const { stdout, mebibytes } = await runMeasured(process.execPath, args, process.env)
    const { ms, hashMs, verifyMs, countMs } = JSON.parse(stdout) as DumpAnswer
    return {
      [action]: { ms, mebibytes },
      ...(hashMs === undefined ? {} : { 'of the dump: hashing': { ms: hashMs, mebibytes } }),
      ...(countMs === undefined ? {} : { 'of the load: counting': { ms: countMs, mebibytes } }),
      ...(verifyMs === undefined ? {} : { 'verify before': { ms: verifyMs, mebibytes } }),
    }
  }
  return { title: 'kubectl scalardl', dump: (folder) => run('dump', folder), load: (folder) => run('load', folder) }
}

/**
 * A way of shell commands; `before` removes what they loaded, and its time does not count. What `analyze` takes, which
 * is part of a load of ours, does, and so does making the database.
 */
function commands(
  title: string,
  env: Record<string, string>,
  { dump, load, analyze, before }: { dump: string; load: string; analyze?: string; before: () => Promise<unknown> },
): Way {
  const run = (folder: string, command: string): Promise<Ran> => {
    const script = `set -eo pipefail; cd "$0"; ${command}`
    return runMeasured('bash', ['-c', script, folder], { ...process.env, ...env })
  }
  return {
    title,
    dump: async (folder) => ({ [dumped]: await run(folder, dump) }),
    load: async (folder) => {
      await before()
      const alone = await run(folder, load)
      if (analyze === undefined) return { [loaded]: alone }
      const after = await run(folder, analyze)
      return { [loaded]: { ...alone, ms: alone.ms + after.ms }, 'without ANALYZE': alone }
    },
  }
}

/** Fills a MariaDB server, and says how it is dumped and loaded. */
export async function mysqlWays(server: LocalMysql, { tables, rows, sessions }: Fill): Promise<Way[]> {
  const connection = await server.connect()
  await connection.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; USE ${schema}`)
  for (let table = 1; table <= tables; table += 1) {
    await connection.query(
      `CREATE TABLE ${schema}.asset_${table} (id varchar(64), age int, input longtext, hash longblob, made bigint,
         PRIMARY KEY (id, age))`,
    )
    await connection.query(
      `INSERT INTO ${schema}.asset_${table} SELECT concat('asset-', seq), 0,
         concat('{"owner":"', md5(seq), '","history":"', repeat(md5(seq * 7), 4), sha2(seq, 512), '"}'),
         unhex(sha2(concat('hash', seq), 256)), 1700000000000 + seq FROM seq_1_to_${rows}`,
    )
  }
  await connection.end()
  const bin = await rivalTools()
  const to = `--host=${server.host} --port=${server.port} --user=${server.user}`
  const client = `--no-defaults ${to} --skip-ssl`
  const env = { MYSQL_PWD: server.password }
  const make = `${bin}/mariadb ${client} -e 'CREATE DATABASE ${beside}'`
  const before = async () => {
    const other = await server.connect()
    await other.query(`DROP DATABASE IF EXISTS ${beside}`)
    await other.end()
  }
  return [
    ours({
      kind: 'mysql',
      contactPoints: `jdbc:mariadb://${server.host}:${server.port}/?sslMode=disable`,
      username: server.user,
      password: server.password,
      parallel: sessions,
    }),
    commands('mariadb-dump | zstd', env, {
      dump: `${bin}/mariadb-dump ${client} --single-transaction --quick ${schema} | ${bin}/zstd -1 -q -o a; sync a`,
      load: `${make}; ${bin}/zstd -dcq a | ${bin}/mariadb ${client} ${beside}`,
      before,
    }),
    commands('mydumper, myloader', env, {
      dump:
        `${bin}/mydumper ${to} --password=$MYSQL_PWD --database=${schema} --threads=${sessions} --outputdir=a ` +
        '--compress --trx-consistency-only; sync a/*',
      load:
        `${make}; ` +
        `${bin}/myloader ${to} --password=$MYSQL_PWD --database=${beside} --threads=${sessions} --directory=a`,
      before,
    }),
  ]
}

/** Fills a PostgreSQL server, and says how it is dumped and loaded. */
export async function postgresqlWays(server: LocalPostgresql, { tables, rows, sessions }: Fill): Promise<Way[]> {
  process.env['PATH'] = `${server.tools}:${process.env['PATH'] ?? ''}`
  const admin = await server.connect()
  await admin.query(`CREATE DATABASE ${schema}`)
  await admin.end()
  const client = await server.connect(schema)
  await client.query(`CREATE SCHEMA ${schema}`)
  for (let table = 1; table <= tables; table += 1) {
    await client.query(
      `CREATE TABLE ${schema}.asset_${table} (id text, age int, input text, hash bytea, made bigint,
         PRIMARY KEY (id, age));
       INSERT INTO ${schema}.asset_${table} SELECT 'asset-' || n, 0,
         '{"owner":"' || md5(n::text) || '","history":"' || repeat(md5((n * 7)::text), 4)
           || encode(sha512(n::text::bytea), 'hex') || '"}',
         sha256(('hash' || n)::bytea), 1700000000000 + n FROM generate_series(1, ${rows}) n`,
    )
  }
  await client.query('VACUUM ANALYZE')
  await client.end()
  const env = {
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.superuser,
    PGPASSWORD: server.password,
  }
  const before = async () => {
    const other = await server.connect()
    await other.query(`DROP DATABASE IF EXISTS ${beside}`)
    await other.end()
  }
  const make = `psql -qXc 'CREATE DATABASE ${beside}'`
  const analyze = `psql -qXd ${beside} -c ANALYZE`
  const load = `${make}; pg_restore -j ${sessions} -d ${beside} a`
  const each = `seq ${tables} | xargs -P ${sessions} -I{}`
  return [
    ours({
      kind: 'postgresql',
      contactPoints: `jdbc:postgresql://${server.host}:${server.port}/${schema}`,
      username: server.superuser,
      password: server.password,
      parallel: sessions,
    }),
    commands('pg_dump -Fd -j (gzip)', env, {
      dump: `pg_dump -Fd -j ${sessions} -f a ${schema}; sync a/*`,
      load,
      analyze,
      before,
    }),
    commands('pg_dump -Fd -j -Z zstd:1', env, {
      dump: `pg_dump -Fd -j ${sessions} --compress=zstd:1 -f a ${schema}; sync a/*`,
      load,
      analyze,
      before,
    }),
    commands('pg_dump -Z zstd:1, a table each', env, {
      dump: `${each} pg_dump -Fc --compress=zstd:1 -t ${schema}.asset_{} -f a{} ${schema}; sync a*`,
      load: `${make}; psql -qXd ${beside} -c 'CREATE SCHEMA ${schema}'; ${each} pg_restore -d ${beside} a{}`,
      analyze,
      before,
    }),
  ]
}
