import { ledgerRelease } from '../../stand-ins/ledger/release/objects.ts'
import { multiStorage, singleStorage } from '../../stand-ins/ledger/release/release-properties.ts'
import { mysqlPort, mysqlServer } from '../../stand-ins/mysql/objects.ts'
import { openDatabaseStage, passwords, type LedgerStage } from './ledger-stage.ts'
import { until } from './gates.ts'
import { psql } from './restore-stage.ts'
import type { Stage } from './stage.ts'

export interface MysqlStageOptions {
  /** all in MySQL, or the savings in PostgreSQL */
  storages: 'mysql' | 'mysql and postgresql'
  /** STAND_IN_… variables */
  standIn?: Record<string, string>
}

const variables = { username: 'HELM_SCALAR_DB_USERNAME', password: 'LEDGER_PASSWORD' }

/**
 * A Ledger release in a MariaDB server `mysql`, and in PostgreSQL where asked for; its own user may restore. A claim
 * named `backups` and what `kubectl scalardl install` makes, all serving.
 */
export async function openMysqlStage(namespace: string, options: MysqlStageOptions): Promise<LedgerStage> {
  const stage = await openDatabaseStage(namespace)
  await stage.apply(
    mysqlServer({
      name: 'mysql',
      namespace,
      image: stage.images.mysql,
      users: [{ name: 'scalar', password: passwords.scalar, rights: 'ALL ON *.*' }],
    }),
  )
  await stage.rolledOut('statefulset/mysql')
  const inMysql = { scheme: 'mysql', server: `mysql:${mysqlPort}`, database: '' } as const
  const isSpread = options.storages === 'mysql and postgresql'
  if (isSpread) await psql(stage, 'ALTER ROLE scalar CREATEDB')
  const properties = isSpread
    ? multiStorage(
        [
          { name: 'a', ...inMysql, namespaces: ['scalar', 'coordinator', 'checking'] },
          { name: 'b', server: 'database:5432', database: 'ledger_b', namespaces: ['savings'] },
        ],
        variables,
      )
    : singleStorage(inMysql, variables)
  const release = ledgerRelease({
    release: 'my',
    namespace,
    image: stage.images.ledger,
    properties,
    database: { username: 'scalar', password: 'not this one' },
    secret: { name: 'my-database', values: { LEDGER_PASSWORD: passwords.scalar } },
    standIn: { STAND_IN_WORKERS: '3', ...options.standIn },
  })
  await stage.apply(release.objects)
  const deployment = `deployment/${release.deployment}`
  await stage.rolledOut(deployment)
  await stage.succeeds(['install'])
  return { stage, release, deployment }
}

/** Asks the MariaDB server itself. @returns one line a row, its columns parted by tabs */
export async function mariadb(stage: Stage, sql: string): Promise<string[]> {
  const client = ['mariadb', '--no-defaults', '--host=127.0.0.1', '--user=scalar', `--password=${passwords.scalar}`]
  const output = await stage.kubectl(['exec', 'mysql-0', '--', ...client, '--skip-ssl', '--batch', '-N', '-e', sql])
  return output.split('\n').filter((line) => line !== '')
}

/** A transaction that has read the checking side, and stays until the returned function is called. */
export async function occupy(stage: Stage): Promise<() => Promise<void>> {
  const staying = mariadb(stage, 'BEGIN; SELECT id FROM checking.account LIMIT 1; DO SLEEP(600)').catch(() => [])
  const sessions = () =>
    mariadb(stage, "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'DO SLEEP(600)%'")
  await until('somebody reads the checking side', async () => (await sessions()).length > 0)
  return async () => {
    for (const id of await sessions()) await mariadb(stage, `KILL ${id}`)
    await staying
  }
}
