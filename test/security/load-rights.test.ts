import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { formatManifest } from '../../job/databases/dump/manifest.ts'
import { postgresql } from '../../job/databases/postgresql/postgresql.ts'
import type { DatabaseBackup } from '../../operation/record.ts'
import { startPostgresql } from '../stand-ins/postgresql/local-server.ts'
import { memoryJournal, noErrors, storageOf } from '../unit/job/databases/database-conformance.ts'
import { contentOf, createLedgerDatabase, settingsFor } from '../unit/job/databases/postgresql/ledger-database.ts'
import { failureOf } from '../unit/job/failure-of.ts'

// The attacker: who may write to the storage, or whose database is backed up. What a dump holds runs where it goes.

const server = await startPostgresql()
t.teardown(() => server.stop())
process.env['PATH'] = `${server.tools}:${process.env['PATH'] ?? ''}`

/** A backup by the superuser, to whom the database belongs. */
async function backedUp(t: Test, name: string, sql = '') {
  const client = await createLedgerDatabase(server, name)
  if (sql !== '') await client.query(sql)
  const content = await contentOf(client)
  await client.end()
  const settings = [settingsFor(server, name)]
  const { context, root } = storageOf(t)
  const source = postgresql.openBackup(settings, context('backup-a'))
  await source.prepare()
  await source.snapshot()
  const entry = await source.complete('a/db')
  await source.close()
  return { settings, entry, context, content, dump: join(root, 'a', 'db') }
}

async function rolesOf(pattern: string): Promise<string[]> {
  const client = await server.connect()
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles WHERE rolname LIKE $1', [
    pattern,
  ])
  await client.end()
  return rows.map(({ rolname }) => rolname)
}

t.test('what a dump holds runs without the rights of the superuser who restores', async (t) => {
  const folder = t.testdir()
  chmodSync(folder, 0o777)
  const marker = join(folder, 'ran')
  const { settings, entry, context } = await backedUp(
    t,
    'trap',
    `CREATE FUNCTION scalar.run() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
       IF current_database() <> 'trap' THEN COPY (SELECT 1) TO PROGRAM 'touch ${marker}'; END IF; RETURN 1; END $$;
     CREATE FUNCTION scalar.seems() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN scalar.run(); END';
     CREATE INDEX trapped ON scalar.asset ((age + scalar.seems()))`,
  )
  const destination = postgresql.openRestore(settings, entry, context('restore-a'))
  await destination.verify()
  t.match(await failureOf(destination.load(await memoryJournal())), { why: /external program/ })
  t.equal(existsSync(marker), false, 'no program ran on the server')
  await destination.discard(await memoryJournal())
  t.strictSame(await rolesOf('kubectl_scalardl_%'), [], 'and nothing of the load stays')
})

t.test('a member of a role that reaches programs is refused before anything changes', async (t) => {
  const { settings, entry, context } = await backedUp(
    t,
    'member',
    'CREATE ROLE far LOGIN CREATEDB; GRANT pg_execute_server_program TO far',
  )
  const client = await server.connect()
  await client.query(`ALTER ROLE far PASSWORD 'far'; ALTER DATABASE member OWNER TO far`)
  await client.end()
  const far = settings.map((one) => ({ ...one, username: 'far', password: 'far', releaseUsername: 'far' }))
  const destination = postgresql.openRestore(far, entry, context('restore-a'))
  const findings = await destination.preflight()
  t.match(
    findings.filter(({ outcome }) => outcome === 'error').map(({ message }) => message),
    [/pg_execute_server_program/],
  )
  t.match(await failureOf(destination.load(await memoryJournal())), { why: /pg_execute_server_program/ })
})

t.test('a dump that is swapped once it was verified is not loaded', async (t) => {
  const evil = await backedUp(t, 'evil', `UPDATE scalar.asset SET age = 7; CREATE TABLE scalar.more (a int)`)
  const kept = mkdtempSync(join(tmpdir(), 'evil-'))
  t.teardown(() => rmSync(kept, { recursive: true }))
  cpSync(evil.dump, kept, { recursive: true })
  const swaps: Record<string, (dump: string) => void> = {
    'the whole dump': (dump) => cpSync(join(kept, 'dump'), join(dump, 'dump'), { recursive: true, force: true }),
    'with its manifest': (dump) => cpSync(kept, dump, { recursive: true, force: true }),
    'the list of its rows': (dump) => cpSync(join(kept, 'rows.json'), join(dump, 'rows.json')),
    'the rows of a table': (dump) => {
      const largest = (folder: string) =>
        readdirSync(folder)
          .filter((name) => name.endsWith('.copy.zst'))
          .map((name) => join(folder, name))
          .sort((a, b) => readFileSync(b).length - readFileSync(a).length)[0] ?? ''
      cpSync(largest(join(kept, 'rows')), largest(join(dump, 'rows')))
    },
    'one byte of the rows': (dump) => {
      for (const name of readdirSync(join(dump, 'rows'))) {
        const bytes = readFileSync(join(dump, 'rows', name))
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
        writeFileSync(join(dump, 'rows', name), bytes)
      }
    },
  }
  let number = 0
  for (const [name, swap] of Object.entries(swaps)) {
    number += 1
    const { settings, entry, context, dump } = await backedUp(t, `honest-${number}`)
    const destination = postgresql.openRestore(settings, entry, context('restore-a'))
    await destination.verify()
    swap(dump)
    t.match(await failureOf(destination.load(await memoryJournal())), { what: /is damaged/ }, name)
    t.match(destination.describe(), { state: 'planned' }, 'nothing that could be put in service')
  }
})

t.test('a release that is a superuser itself gets all back as it was', async (t) => {
  const { settings, entry, context, content } = await backedUp(
    t,
    'back',
    `CREATE ROLE reader; GRANT USAGE ON SCHEMA scalar TO reader; GRANT SELECT ON scalar.asset TO reader`,
  )
  const destination = postgresql.openRestore(settings, entry, context('restore-a'))
  noErrors(t, await destination.preflight())
  await destination.verify()
  const journal = await memoryJournal()
  await destination.load(journal)
  await destination.activate(journal)
  const client = await server.connect('back')
  t.strictSame(await contentOf(client), content)
  const { rows } = await client.query(
    `SELECT tableowner AS owner, has_table_privilege('reader', 'scalar.asset', 'SELECT') AS reads
     FROM pg_tables WHERE tablename = 'asset'`,
  )
  t.strictSame(rows, [{ owner: server.superuser, reads: true }])
  await client.end()
  t.strictSame(await rolesOf('kubectl_scalardl_%'), [])
})

t.test('dumps of 0.1 are loaded, however they are compressed', async (t) => {
  for (const compression of ['0', '1']) {
    const made = await backedUp(t, `former-${compression}`)
    const dump = join(made.dump, 'dump')
    rmSync(made.dump, { recursive: true })
    mkdirSync(made.dump, { recursive: true })
    execFileSync(
      'pg_dump',
      ['--format=directory', `--compress=${compression}`, `--file=${dump}`, `former-${compression}`],
      {
        env: {
          ...process.env,
          PGHOST: server.host,
          PGPORT: String(server.port),
          PGUSER: server.superuser,
          PGPASSWORD: server.password,
        },
      },
    )
    const files = readdirSync(dump).map((name) => {
      const content = readFileSync(join(dump, name))
      const sha256 = createHash('sha256').update(content).digest('hex')
      return { path: `dump/${name}`, bytes: content.byteLength, sha256 }
    })
    const { text, seal } = formatManifest({ operation: 'backup-a', database: made.entry.title }, files)
    writeFileSync(join(made.dump, 'manifest.json'), text)
    const entry: DatabaseBackup = { ...made.entry, details: { ...made.entry.details, manifestSha256: seal.sha256 } }
    const destination = postgresql.openRestore(made.settings, entry, made.context('restore-a'))
    await destination.verify()
    const journal = await memoryJournal()
    await destination.load(journal)
    await destination.activate(journal)
    const client = await server.connect(`former-${compression}`)
    t.strictSame(await contentOf(client), made.content, compression)
    await client.end()
  }
})
