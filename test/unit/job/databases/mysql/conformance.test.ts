import type { Connection, RowDataPacket } from 'mysql2/promise'
import t from 'tap'
import { mysql } from '../../../../../job/databases/mysql/mysql.ts'
import { startMysql } from '../../../../stand-ins/mysql/local-server.ts'
import { databaseConformance } from '../database-conformance.ts'
import { contentOf, createLedgerSchemas, quoted, settingsFor } from './ledger-schemas.ts'

const server = await startMysql()
t.teardown(() => server.stop())

let number = 0

await t.test(`${server.name} is a database`, (t) =>
  databaseConformance(t, mysql, async () => {
    number += 1
    const suffix = `_${number}`
    const schemas = await createLedgerSchemas(server, suffix)
    const [, coordinator, assets, odd = ''] = schemas
    const connected = async <T>(run: (connection: Connection) => Promise<T>): Promise<T> => {
      const connection = await server.connect()
      try {
        return await run(connection)
      } finally {
        await connection.end()
      }
    }
    return {
      settings: [settingsFor(server, suffix)],
      write: () =>
        connected(async (connection) => {
          await connection.query(
            `INSERT INTO ${assets}.asset SELECT concat('more-', uuid()), 1, NULL FROM ${assets}.asset LIMIT 10;
             UPDATE ${assets}.asset SET output = unhex(sha2(rand(), 256)) WHERE id = 'asset-7';
             INSERT INTO ${quoted(odd)}.\`Odd \`\`'"name\` (\`Värde\`) VALUES (now(6))`,
          )
        }),
      content: () => connected((connection) => contentOf(connection, schemas)),
      beside: () =>
        connected(async (connection) => {
          const [rows] = await connection.query<RowDataPacket[]>(
            `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA
             WHERE SCHEMA_NAME REGEXP ? AND SCHEMA_NAME NOT IN (?)`,
            [`(scalardb|coordinator|scalar|Odd .schema.\\.)${suffix}[^0-9]`, schemas],
          )
          return rows.map((row) => String(row['name']))
        }),
      async obstruct() {
        const connection = await server.connect()
        await connection.query(`BEGIN; INSERT INTO ${coordinator}.state VALUES ('held', 1)`)
        return async () => {
          await connection.query('ROLLBACK')
          await connection.end()
        }
      },
    }
  }),
)
