import t from 'tap'
import { accessOf } from '../../../../../job/databases/mysql/access.ts'
import { endAll, openSessions, takeSnapshot } from '../../../../../job/databases/mysql/backup/snapshot-sessions.ts'
import { mysql } from '../../../../../job/databases/mysql/mysql.ts'
import type { Session } from '../../../../../job/databases/mysql/session.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { chosenServer, startMysql } from '../../../../stand-ins/mysql/local-server.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal, noErrors, storageOf, type TrialContext } from '../database-conformance.ts'
import { contentOf, createLedgerSchemas, settingsFor } from './ledger-schemas.ts'

const server = await startMysql()
t.teardown(() => server.stop())
const connection = await server.connect()
const isMariadb = chosenServer().startsWith('mariadb')
t.teardown(() => connection.end())

async function backup(suffix: string, context: TrialContext): Promise<DatabaseBackup> {
  const source = mysql.openBackup([settingsFor(server, suffix)], context)
  try {
    noErrors(t, await source.preflight())
    await source.prepare()
    await source.snapshot()
    return JSON.parse(JSON.stringify(await source.complete('name/db'))) as DatabaseBackup
  } finally {
    await source.close()
  }
}

await t.test('every value comes back to the bit, whatever modes and time zone the server has', async (t) => {
  const schemas = await createLedgerSchemas(server, '_v')
  const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  await connection.query(`
    SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';
    USE scalar_v;
    CREATE TABLE numbers (
      id bigint unsigned AUTO_INCREMENT PRIMARY KEY, big bigint, d decimal(65,30), f float, dd double, fm float(7,3),
      b1 bit(1), b64 bit(64), z int(5) unsigned zerofill, t tinyint, bool boolean DEFAULT true,
      twice bigint GENERATED ALWAYS AS (t * 2) STORED, thrice bigint GENERATED ALWAYS AS (t * 3) VIRTUAL,
      CHECK (t < 100));
    INSERT INTO numbers (id, big, d, f, dd, fm, b1, b64, z, t) VALUES
      (0, -9223372036854775808, '-12345678901234567890123456789012345.000000000000000000000000000001',
        1.17549435e-38, 2.2250738585072014e-308, 1234.567, b'1', x'ffffffffffffffff', 7, -128),
      (18446744073709551614, 9223372036854775807, '0.1', 16777217, 0.1, 0.001, b'0', x'0a0d5c2700000000', 0, 99),
      (5, NULL, NULL, 3.4028235e38, 1.7976931348623157e308, NULL, NULL, NULL, NULL, NULL),
      (6, 1, 1, 0.1, -0e0, 1, b'1', b'1', 1, 1);
    CREATE TABLE moments (id int PRIMARY KEY, dt datetime(6), ts timestamp(6) NULL, d date, tm time(6), y year,
      now_ timestamp(3) NULL ON UPDATE current_timestamp(3), zero datetime NOT NULL DEFAULT '0000-00-00 00:00:00');
    INSERT INTO moments VALUES
      (1, '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999999', '9999-12-31', '-838:59:59', 2155, NULL, DEFAULT),
      (2, '0000-00-00', '0000-00-00', '0000-00-00', '00:00:00.000001', 0, '2024-10-27 01:30:00.123', '2024-02-31'),
      (3, '2024-03-31 02:30:00', '2024-03-31 01:30:00', '2024-02-31', '838:59:59', 1901,
        '2024-03-31 01:59:59.999', '0000-00-00');
    CREATE TABLE texts (id int PRIMARY KEY, c char(10), v varchar(50), l longtext CHARACTER SET latin1,
      u varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, s varchar(20) CHARACTER SET sjis,
      u16 varchar(20) CHARACTER SET utf16,
      e enum('a', 'ä', '') CHARACTER SET latin1, st set('x', 'y''z', 'w'), j json);
    CREATE TABLE bytes (k varbinary(255) PRIMARY KEY, fixed binary(20), b longblob);
    CREATE TABLE pieces (id int PRIMARY KEY, a int) PARTITION BY HASH (id) PARTITIONS 3;
    INSERT INTO pieces VALUES (1, 1), (2, 2);
    CREATE TABLE nothing (a int);`)
  await connection.query('INSERT INTO scalar_v.texts VALUES ?', [
    [
      [
        1,
        ' a ',
        'trailing  ',
        'ÿ\n\\N',
        '😀\0\u001a',
        '表ソ',
        '𝄞é',
        'ä',
        'x,w',
        '{"a": [1.5, null, "\\"\\n表😀"], "b": 12345678901234567}',
      ],
      [2, '', '', '', '', '', '', '', '', 'null'],
      [3, null, null, null, null, null, null, null, null, null],
      [4, '%_', '\'"`;--', '\t\b', 'x', 'x', 'x', 'a', "y'z", '"\'"'],
    ],
  ])
  await connection.query('INSERT INTO scalar_v.bytes VALUES ?', [
    [
      [every.subarray(0, 255), every.subarray(0, 20), Buffer.concat(Array.from({ length: 9000 }, () => every))],
      [Buffer.alloc(0), Buffer.alloc(20), null],
      [Buffer.from([0]), Buffer.from("a\\'"), Buffer.from([0xff, 0, 10, 13, 26])],
    ],
  ])
  const before = await contentOf(connection, schemas)
  await connection.query(
    `SET GLOBAL time_zone = '+09:00', GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,'
       'NO_ZERO_DATE,NO_ZERO_IN_DATE,PAD_CHAR_TO_FULL_LENGTH'`,
  )
  const { context } = storageOf(t)
  const entry = await backup('_v', context('backup-v'))
  t.equal(entry.tables.find(({ name }) => name === 'bytes')?.rows, 3)
  await connection.query('TRUNCATE scalar_v.texts; DROP TABLE scalar_v.numbers')
  const destination = mysql.openRestore([settingsFor(server, '_v')], entry, context('restore-v'))
  noErrors(t, await destination.preflight())
  await destination.verify()
  const journal = await memoryJournal()
  await destination.load(journal)
  await destination.activate(journal)
  await connection.query(`SET GLOBAL time_zone = 'SYSTEM', GLOBAL sql_mode = DEFAULT`)
  t.strictSame(await contentOf(connection, schemas), before)
  const [generated] = await connection.query('SELECT twice, thrice FROM scalar_v.numbers WHERE id = 0')
  t.strictSame(JSON.parse(JSON.stringify(generated)), [{ twice: -256, thrice: -384 }])
  await destination.dropPrevious(journal)

  // What a restore left in service, its mark included, is backed up and restored like anything else.
  const second = storageOf(t).context
  const marked = await backup('_v', second('backup-w'))
  const again = mysql.openRestore([settingsFor(server, '_v')], marked, second('restore-w'))
  await again.load(await memoryJournal())
  await again.activate(await memoryJournal())
  t.strictSame(await contentOf(connection, schemas), before)
})

await t.test('what a dump could not keep is named before anything is paused', async (t) => {
  await createLedgerSchemas(server, '_o')
  await connection.query(`
    USE scalar_o; CREATE TABLE old (a int) ENGINE=MyISAM; CREATE TABLE shapes (id int PRIMARY KEY, p point NOT NULL);
    CREATE TABLE zoned (id int PRIMARY KEY, ts timestamp NULL, at datetime, day date AS (date(ts)) STORED,
      hour int AS (hour(ts)) VIRTUAL, later int AS (hour + 1) STORED, keyed int AS (minute(ts)) VIRTUAL,
      own date AS (date(at)) STORED${isMariadb ? '' : ', KEY (keyed)'});
    CREATE TABLE parent (id int PRIMARY KEY);
    CREATE TABLE child (id int PRIMARY KEY, p int, CONSTRAINT belongs FOREIGN KEY (p) REFERENCES parent (id));
    CREATE TRIGGER noting BEFORE INSERT ON asset FOR EACH ROW SET NEW.age = 1;
    CREATE VIEW seen AS SELECT id FROM asset; CREATE PROCEDURE nothing() SELECT 1`)
  const { context } = storageOf(t)
  const source = mysql.openBackup([settingsFor(server, '_o')], context('b'))
  const findings = await source.preflight()
  await source.close()
  const error = findings.find(({ outcome }) => outcome === 'error')
  for (const named of [
    /scalar_o\.old \(engine MyISAM/,
    /shapes\.p \(type (point|geometry)/,
    isMariadb
      ? /\), scalar_o\.zoned\.day \(generated in its writer's [^(]*, scalar_o\.zoned\.later \(generated in[^(]*\), [^s]/
      : /\), scalar_o\.zoned\.day \([^(]*, scalar_o\.zoned\.later \([^(]*, scalar_o\.zoned\.keyed \([^(]*, [^s]/,
    /foreign key belongs/,
    /trigger scalar_o\.noting/,
  ])
    t.match(error?.message, named)
  t.match(
    findings.find(({ outcome }) => outcome === 'warning'),
    { message: /view scalar_o\.seen, procedure scalar_o\.nothing/ },
  )
  t.equal(findings.filter(({ outcome }) => outcome === 'error').length, 1)
})

await t.test('rights that are missing are named, and those that are needed are enough', async (t) => {
  await createLedgerSchemas(server, '_r')
  await connection.query(`
    CREATE USER reader@'%' IDENTIFIED BY 'r'; CREATE USER half@'%' IDENTIFIED BY 'h';
    GRANT SELECT, SHOW VIEW, TRIGGER ON \`scalar%\`.* TO reader@'%';
    GRANT SELECT, TRIGGER ON \`coordinator\\_r\`.* TO reader@'%';
    GRANT SELECT ON *.* TO half@'%'`)
  const { context } = storageOf(t)
  const as = (username: string, password: string) => [
    { ...settingsFor(server, '_r', { username, password }), contactPoints: `jdbc:mysql://127.0.0.1:${server.port}/` },
  ]
  const own = { ...context('b'), schemas: [] }
  const half = mysql.openBackup(as('half', 'h'), own)
  t.match(
    (await half.preflight()).filter(({ outcome }) => outcome === 'error'),
    [{ check: 'rights', message: /TRIGGER on `coordinator_r`/ }],
  )
  await half.close()
  const source = mysql.openBackup(as('reader', 'r'), own)
  noErrors(t, await source.preflight())
  await source.prepare()
  await source.snapshot()
  const entry = JSON.parse(JSON.stringify(await source.complete('r/db'))) as DatabaseBackup
  await source.close()
  const refused = mysql.openRestore(as('reader', 'r'), entry, context('restore-r'))
  t.match(
    (await refused.preflight()).filter(({ outcome }) => outcome === 'error'),
    [{ check: 'rights', message: /CREATE, DROP, ALTER, INSERT on/, cure: /--database-secret/ }],
  )
})

await t.test('a table altered, emptied or made after the snapshot voids the dump', async (t) => {
  const changes = {
    altered: 'ALTER TABLE scalar_d.asset ADD COLUMN more int',
    emptied: 'TRUNCATE scalar_d.asset',
    made: 'CREATE TABLE scalar_d.another (a int)',
    dropped: 'DROP TABLE scalar_d.another',
  }
  await createLedgerSchemas(server, '_d', 10)
  const { context } = storageOf(t)
  for (const [what, sql] of Object.entries(changes)) {
    const source = mysql.openBackup([settingsFor(server, '_d')], context(`backup-${what}`))
    await source.prepare()
    await source.snapshot()
    await connection.query(sql)
    t.match(await failureOf(source.complete(`${what}/db`)), { next: /without changes of the schema/ }, what)
    await source.close()
  }
})

await t.test('each way not to reach a server has its own cure, and none tells the password', async (t) => {
  const { context } = storageOf(t)
  const at = (rest: string) => ({ contactPoints: `jdbc:mysql://127.0.0.1:${server.port}/${rest}` })
  const cases: [string, Parameters<typeof settingsFor>[2], RegExp][] = [
    ['wrong password', { password: 'wr0ng' }, /refuses the password/],
    ['no password', { password: undefined }, /asks for a password/],
    ['no server', { contactPoints: 'jdbc:mysql://127.0.0.1:1/' }, /nothing answers/],
    ['no name', { contactPoints: 'jdbc:mariadb://db.invalid/' }, /does not resolve/],
    ['no certificate', at('?sslMode=verify-ca&serverSslCert=/nowhere'), /no readable \/nowhere/],
  ]
  for (const [what, overrides, why] of cases) {
    const source = mysql.openBackup([settingsFor(server, '_d', overrides)], context('b'))
    const findings = await source.preflight()
    t.match(findings, [{ outcome: 'error', message: why, cure: /./ }], what)
    t.notMatch(JSON.stringify(findings), new RegExp(`wr0ng|${server.password}`))
    await source.close()
  }
})

await t.test('sessions hold one point in time, however others write', async (t) => {
  await connection.query(`
    CREATE DATABASE bank; CREATE TABLE bank.a (n int); CREATE TABLE bank.b (n int);
    INSERT INTO bank.a VALUES (1000000); INSERT INTO bank.b VALUES (0)`)
  const sessions = await openSessions(accessOf([settingsFor(server, '')]), 4)
  t.teardown(() => endAll(sessions))
  t.equal((await takeSnapshot(sessions)).length, 4, 'where nobody writes, all of them hold it')

  const stop = new AbortController()
  const writing = (async () => {
    const writer = await server.connect()
    while (!stop.signal.aborted)
      await writer.query('BEGIN; UPDATE bank.a SET n = n - 1; UPDATE bank.b SET n = n + 1; COMMIT')
    await writer.end()
  })()
  const read = async (session: Session | undefined, table: string) => {
    const [row] = (await session?.query<{ n: Buffer }>(`SELECT n FROM bank.${table}`)) ?? []
    return Number(row?.n)
  }
  const sums = new Set<number>()
  for (let round = 0; round < 50; round += 1) {
    const holders = await takeSnapshot(sessions)
    sums.add((await read(holders[0], 'a')) + (await read(holders.at(-1), 'b')))
  }
  stop.abort()
  await writing
  t.strictSame([...sums], [1_000_000])
})

await t.test('the snapshot takes a few milliseconds, whatever the size', async (t) => {
  const { context } = storageOf(t)
  await createLedgerSchemas(server, '_t', 50_000)
  const source = mysql.openBackup([settingsFor(server, '_t')], context('backup-t'))
  const times: number[] = []
  for (let run = 0; run < 5; run += 1) {
    await source.prepare()
    const start = performance.now()
    await source.snapshot()
    times.push(performance.now() - start)
  }
  await source.close()
  t.comment(`snapshot(): slowest ${Math.max(...times).toFixed(1)} ms`)
  t.ok(Math.max(...times) < 500)
})
