import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { ensureH2, h2Jar, startH2 } from '../../stand-ins/h2/local-server.ts'
import { openDatabase } from '../../stand-ins/ledger/sql/databases.ts'
import { blocksOf } from './fenced-blocks.ts'

const run = promisify(execFile)

t.test('the scripts for H2 back a database up and bring it back, as the page has them', async (t) => {
  const server = await startH2()
  t.teardown(() => server.stop())
  const folder = t.testdir()
  const artefacts = join(folder, 'artefacts')
  await writeFile(artefacts, '')
  const environment = {
    PATH: process.env['PATH'],
    H2_URL: `jdbc:h2:tcp://${server.host}:9092/./${server.database}`,
    H2_USER: server.user,
    H2_PASSWORD: server.password,
    SCALARDL_BACKUP: 'point',
    SCALARDL_ARTEFACTS: artefacts,
  }
  const jar = join(await ensureH2(), h2Jar)
  const scripts = blocksOf('docs/databases/others.md').filter(({ language }) => language === 'sh')
  t.strictSame(
    scripts.map(({ text }) => text.split('\n')[0]),
    ['# backup.sh', '# restore.sh'],
  )
  const [backup = '', restore = ''] = scripts.map(({ text }) =>
    text.replaceAll('/opt/h2/h2.jar', jar).replaceAll('/var/lib/h2', folder),
  )
  const shell = (script: string, more: Record<string, string> = {}) =>
    run('sh', ['-ec', script], { env: { ...environment, ...more } })
  const { host, database, user, password } = server
  const accounts = await openDatabase({ kind: 'h2', host, port: 5435, database, user, password }, 1)
  t.teardown(() => accounts.close())
  const balances = () =>
    accounts.transact((session) => session.query('SELECT "id", "balance" FROM "savings"."account" ORDER BY "id"'))

  await accounts.transact(async (session) => {
    await accounts.addSchema(session, 'savings')
    await session.query('CREATE TABLE "savings"."account"("id" VARCHAR PRIMARY KEY, "balance" INT)')
    await session.add('"savings"."account"', [
      { id: 'first', balance: 1 },
      { id: 'second', balance: 2 },
    ])
  })
  const then = await balances()
  t.equal(then.length, 2)
  await shell(backup)
  t.equal(await readFile(artefacts, 'utf8'), `${folder}/backups/point.zip\n`)

  await accounts.transact((session) => session.change('UPDATE "savings"."account" SET "balance" = 0'))
  await shell(restore)
  t.strictSame(await balances(), then)

  await t.rejects(shell(backup, { H2_PASSWORD: 'another' }), /Wrong user name or password/)
  t.equal((await readFile(artefacts, 'utf8')).split('\n').length, 2, 'one that fails names nothing')
})
