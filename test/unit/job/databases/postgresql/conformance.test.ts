import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import t from 'tap'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import { postgresql } from '../../../../../job/databases/postgresql/postgresql.ts'
import { databaseConformance } from '../database-conformance.ts'
import { contentOf, createLedgerDatabase, settingsFor } from './ledger-database.ts'

const server = await startPostgresql(['max_prepared_transactions=5'])
t.teardown(() => server.stop())
process.env['PATH'] = `${server.tools}:${process.env['PATH'] ?? ''}`

let number = 0
// Dumps that are not encrypted are what the other tests have.
const identity = await generateX25519Identity()
const encrypted = { recipients: [await identityToRecipient(identity)], identities: [identity] }

await t.test('PostgreSQL is a database', (t) =>
  databaseConformance(t, postgresql, async () => {
    number += 1
    // A name that must be quoted, and is too long for a suffix.
    const name = `Ledger ${number} ${'ö'.repeat(26)}`
    await (await createLedgerDatabase(server, name)).end()
    const inDatabase = async <T>(
      run: (client: Awaited<ReturnType<typeof server.connect>>) => Promise<T>,
    ): Promise<T> => {
      const client = await server.connect(name)
      try {
        return await run(client)
      } finally {
        await client.end()
      }
    }
    return {
      settings: [settingsFor(server, name)],
      context: encrypted,
      write: () =>
        inDatabase(async (client) => {
          await client.query(
            `INSERT INTO scalar.asset SELECT 'more-' || gen_random_uuid(), 1, NULL FROM generate_series(1, 10)`,
          )
          await client.query(`UPDATE scalar.asset SET output = decode(md5(random()::text), 'hex') WHERE id = 'asset-7'`)
          await client.query(`INSERT INTO "Mixed.Case"."Odd ""name" ("Värde") VALUES (now()::text)`)
        }),
      content: () => inDatabase(contentOf),
      async beside() {
        const client = await server.connect()
        const { rows } = await client.query<{ name: string }>(
          `SELECT datname AS name FROM pg_database WHERE datname LIKE $1 AND datname <> $2`,
          [`Ledger ${number} %`, name],
        )
        await client.end()
        return rows.map((row) => row.name)
      },
      async obstruct() {
        // A prepared transaction belongs to no session that could be ended.
        await inDatabase((client) =>
          client.query(`BEGIN; INSERT INTO coordinator.state VALUES ('held', 1); PREPARE TRANSACTION 'held'`),
        )
        return () => inDatabase(async (client) => void (await client.query(`ROLLBACK PREPARED 'held'`)))
      },
    }
  }),
)
