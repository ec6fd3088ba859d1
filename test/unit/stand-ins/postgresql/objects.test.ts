import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import t from 'tap'
import { startPostgresql } from '../../../stand-ins/postgresql/local-server.ts'
import { postgresqlServer, usualRoles } from '../../../stand-ins/postgresql/objects.ts'

t.test('the set-up makes the roles and databases, and the admin may do what a restore does', async (t) => {
  const server = await startPostgresql()
  t.teardown(() => server.stop())
  const [, configMap, , statefulSet] = postgresqlServer({
    name: 'p',
    namespace: 'n',
    superuserPassword: 'x',
    roles: usualRoles({ scalar: "it's one", admin: 'another' }),
  })
  const passwords = statefulSet.spec?.template.spec?.containers[0]?.env
    ?.filter(({ name }) => name.startsWith('ROLE_'))
    .map(({ name }) => name)
  t.strictSame(passwords, ['ROLE_0_PASSWORD', 'ROLE_1_PASSWORD'])
  const psql = promisify(execFile)(
    join(server.tools, 'psql'),
    ['-v', 'ON_ERROR_STOP=1', '-h', server.host, '-p', String(server.port), '-U', server.superuser],
    {
      env: { PGPASSWORD: server.password, ROLE_0_PASSWORD: "it's one", ROLE_1_PASSWORD: 'another' },
    },
  )
  psql.child.stdin?.end(configMap.data?.['set-up.sql'])
  await psql

  const login = async (user: string, password: string, database: string) => {
    const client = new Client({ host: server.host, port: server.port, user, password, database })
    await client.connect()
    return client
  }
  const scalar = await login('scalar', "it's one", 'ledger_a')
  await scalar.query('CREATE SCHEMA something')
  await t.rejects(scalar.query('CREATE DATABASE mine'), { code: '42501' })
  scalar.on('error', () => {})
  const admin = await login('admin', 'another', 'postgres')
  await admin.query('CREATE DATABASE ledger_a_restored OWNER scalar')
  await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'ledger_a'`)
  await admin.query('ALTER DATABASE ledger_a RENAME TO ledger_a_before')
  await admin.end()
})
