import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RowDataPacket } from 'mysql2/promise'
import t from 'tap'
import { accessOf } from '../../../../../job/databases/mysql/access.ts'
import { dumpTable } from '../../../../../job/databases/mysql/backup/dump-table.ts'
import { endAll, openSessions, takeSnapshot } from '../../../../../job/databases/mysql/backup/snapshot-sessions.ts'
import { MysqlSource } from '../../../../../job/databases/mysql/backup/source.ts'
import type { Session } from '../../../../../job/databases/mysql/session.ts'
import { createStatement, findTable } from '../../../../../job/databases/mysql/tables.ts'
import type { Storage } from '../../../../../job/storage/storage.ts'
import { startMysql } from '../../../../stand-ins/mysql/local-server.ts'
import { storageOf } from '../database-conformance.ts'
import { createLedgerSchemas, settingsFor } from './ledger-schemas.ts'

const server = await startMysql()
t.teardown(() => server.stop())
const connection = await server.connect()
t.teardown(() => connection.end())

/** Until it holds: on a busy machine that may take a while. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const fromMs = performance.now(); !(await holds()); await sleep(50))
    if (performance.now() - fromMs > 30_000) throw new Error(`${what}: not after 30 s`)
}

await t.test('while one table is written for hours, no session is silent that may not be lost', async (t) => {
  await createLedgerSchemas(server, '_q', 10)
  await connection.query("CREATE USER quiet@'%' IDENTIFIED BY 'q'; GRANT ALL ON *.* TO quiet@'%'")
  const { context } = storageOf(t)
  const sessions = async () => {
    const sql = "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'quiet'"
    const [rows] = await connection.query<RowDataPacket[]>(sql)
    return rows.length
  }
  const said = async () => {
    const [[row]] = await connection.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Com_do'")
    return Number(row?.['Value'])
  }
  const given = context('backup-q')
  const large = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  const write: Storage['write'] = async (path, content, signal) => {
    if (!path.includes('asset.rows')) return await given.storage.write(path, content, signal)
    large.resolve()
    await ended.promise
    return await given.storage.write(path, content, signal)
  }
  const source = new MysqlSource(
    [settingsFor(server, '_q', { username: 'quiet', password: 'q' })],
    { ...given, parallel: 3, storage: { ...given.storage, write } },
    20,
  )
  await source.prepare()
  await source.snapshot()
  t.equal(await sessions(), 4, 'three hold the snapshot, one sees the present')
  const completing = source.complete('q/db')
  completing.catch(() => ended.resolve())
  await large.promise
  await until('those that are done have ended', async () => (await sessions()) === 2)
  const before = await said()
  await until('the one that sees the present talks', async () => (await said()) >= before + 3)
  ended.resolve()
  t.equal((await completing).tables.find(({ name }) => name === 'asset')?.rows, 10)
  await source.close()
})

await t.test('a session that is lost before its rows are asked for ends the dump alone', async (t) => {
  await createLedgerSchemas(server, '_l', 10)
  const access = accessOf([settingsFor(server, '_l')])
  const [holder, now] = await openSessions(access, 2)
  if (holder === undefined || now === undefined) throw new Error('no sessions')
  t.teardown(() => endAll([holder, now]))
  const [own] = await holder.query<{ id: number }>('SELECT connection_id() AS id')
  await takeSnapshot([holder])
  const table = await findTable(now, { schema: 'scalar_l', name: 'asset' })
  if (table === undefined) throw new Error('no table')
  const known = { ...table, definition: await createStatement(now, table) }
  const losing: Session = {
    ...now,
    async query<Row>(sql: string, values?: readonly unknown[]) {
      if (sql.includes('information_schema.COLUMNS') && !holder.lost.aborted) {
        await connection.query(`KILL ${own?.id}`)
        if (!holder.lost.aborted) await once(holder.lost, 'abort')
      }
      return await now.query<Row>(sql, values)
    },
  }
  const { storage } = storageOf(t).context('backup-l')
  const dumping = { holder, now: losing, storage, signal: holder.lost, meter: { bytes: 0 } }
  await t.rejects(dumpTable(dumping, 'l/db', 0, known), /Connection lost|closed|killed/i)
})
