import t, { type Test } from 'tap'
import { mounts, type RequestOf } from '../../../../../operation/request.ts'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import { createLedgerDatabase } from '../postgresql/ledger-database.ts'
import { scene, type Scene } from './stage.ts'

// A Ledger whose coordinator is in Cassandra and whose data is in a real PostgreSQL: this program puts back the one,
// its administrator the other, and all that follows is of both.

const postgresql = await startPostgresql()
t.teardown(() => postgresql.stop())
process.env['PATH'] = `${postgresql.tools}:${process.env['PATH'] ?? ''}`
Object.assign(mounts, { volume: t.testdir() })
let number = 0

async function mixed(t: Test) {
  number += 1
  const database = `ledger_${number}`
  const client = await createLedgerDatabase(postgresql, database, 10)
  await client.end()
  const inDatabase = async (query: string) => {
    const session = await postgresql.connect(database)
    try {
      return (await session.query<{ count: number }>(query)).rows
    } finally {
      await session.end()
    }
  }
  const s = await scene(t, {
    to: `pvc://backups/${number}`,
    beside: (prefix) => [
      `${prefix}storage=jdbc`,
      `${prefix}contact_points=jdbc:postgresql://${postgresql.host}:${postgresql.port}/${database}`,
      `${prefix}username=${postgresql.superuser}`,
      `${prefix}password=${postgresql.password}`,
    ],
  })
  const minuteMs = 60_000
  s.ring.transactions.set('old', Date.now() - 10 * minuteMs)
  if ((await s.run().ended) !== 0) throw new Error(`no backup: ${s.record()?.failure?.why}`)
  s.ring.transactions.set('new', Date.now() + 10 * minuteMs)
  await inDatabase('DELETE FROM scalar.asset')
  const own = { ...s.shared, readyMs: 5000 }
  const { pause: _, ...unpaused } = own
  const restore = (name: string): RequestOf<'restore'> => ({
    ...own,
    kind: 'restore',
    operation: `restore-${name}`,
    backup: 'backup-a',
    dropPrevious: false,
    parallel: 1,
  })
  return {
    ...s,
    restore,
    resume: (name: string): RequestOf<'resume'> => ({
      ...unpaused,
      kind: 'resume',
      operation: `resume-${name}`,
      restore: `restore-${name}`,
    }),
    undo: (name: string): RequestOf<'undo'> => ({
      ...own,
      kind: 'undo',
      operation: `undo-${name}`,
      restore: `restore-${name}`,
    }),
    drop: (name: string, operation = `drop-${name}`): RequestOf<'drop'> => ({
      ...unpaused,
      kind: 'drop',
      operation,
      restore: `restore-${name}`,
    }),
    assets: async () => (await inDatabase('SELECT count(*)::int AS count FROM scalar.asset'))[0]?.count,
    /** the databases that are there for this one */
    databases: async () => {
      const admin = await postgresql.connect()
      try {
        const query = `SELECT datname FROM pg_database WHERE datname ~ '^${database}(\\W|_[^0-9]|$)' ORDER BY 1`
        return (await admin.query<{ datname: string }>(query)).rows.map(({ datname }) => datname)
      } finally {
        await admin.end()
      }
    },
    database,
  }
}

/** What an administrator does: every node is stopped, gets the files of its snapshot, and is started. */
function restoreByHand({ ring }: Pick<Scene, 'ring'>): void {
  for (const node of ring.nodes) node.generation += 100
  ring.transactions.delete('new')
}

t.test('given up before a node was stopped, both are as before', async (t) => {
  const s = await mixed(t)
  t.match(s.record(), { windows: { length: 1 }, backup: { databases: { length: 2 } } })
  t.equal(await s.run(s.restore('a')).ended, 7, String(s.record('restore-a')?.failure?.why))
  t.equal(s.replicas.count, 0)
  t.equal(await s.assets(), 10, 'what this program restores is restored by then')
  t.equal(await s.run(s.undo('a')).ended, 0, String(s.record('undo-a')?.failure?.why))
  t.equal(await s.assets(), 0)
  t.ok(s.isServing())
})

t.test('a restore of both goes on, then what PostgreSQL kept is told and removed', async (t) => {
  const s = await mixed(t)
  t.equal(await s.run(s.restore('b')).ended, 7, String(s.record('restore-b')?.failure?.why))
  t.equal(await s.run(s.drop('b', 'drop-early')).ended, 1, 'nothing is removed while it waits')
  t.equal((await s.databases()).length, 2)
  restoreByHand(s)
  t.equal(await s.run(s.resume('b')).ended, 0, String(s.record('resume-b')?.failure?.why))
  t.ok(s.isServing())
  t.equal(await s.assets(), 10)
  t.match(s.record('restore-b')?.restore, { serving: 'restored' })
  t.match(s.record('restore-b')?.restore?.wayBack, [/there is no way back: /, /--drop-previous/])
  t.equal(await s.run(s.undo('b')).ended, 1, 'one of them has no way back')
  t.equal(await s.assets(), 10)
  t.ok(s.isServing())
  t.equal(await s.run(s.drop('b')).ended, 0, String(s.record('drop-b')?.failure?.why))
  t.strictSame(await s.databases(), [s.database])
  t.equal(await s.assets(), 10)
  t.ok(s.isServing())
})
