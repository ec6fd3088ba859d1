import t from 'tap'
import type { StorageSettings } from '../../../../job/scalardb/storage-settings.ts'
import { locateDatabases, recogniser } from '../../../../job/databases/open.ts'
import { decidePause } from '../../../../job/databases/pause-decision.ts'
import { failureOf } from '../failure-of.ts'

const storage = (database: string, overrides: Partial<StorageSettings> = {}): StorageSettings => ({
  storage: 'default',
  kind: 'jdbc',
  contactPoints: `jdbc:postgresql://db:5432/${database}`,
  contactPort: undefined,
  username: 'u',
  password: 'p',
  releaseUsername: 'u',
  namespaces: undefined,
  property: () => undefined,
  ...overrides,
})
const located = (settings: StorageSettings[]) => locateDatabases(settings, recogniser(), new AbortController().signal)
const ledger = { name: 'my-ledger' }
const auditor = { name: 'my-auditor' }

t.test('storages of one database, however spelt, are one', async (t) => {
  const groups = await located([
    storage('a'),
    storage('b'),
    storage('a', { storage: 'second', username: 'other', contactPoints: 'jdbc:postgresql://DB/a?ssl=false' }),
  ])
  t.strictSame(
    groups.map((group) => group.settings.map((one) => one.storage)),
    [['default', 'second'], ['default']],
  )
})

t.test('databases that cannot be backed up are named', async (t) => {
  t.match(
    (await failureOf(() => located([storage('a', { kind: 'no-such', contactPoints: 'host' })]))).why,
    /its database is no-such/,
  )
  t.match(
    (await failureOf(() => located([storage('a', { contactPoints: 'db.example.com' })]))).why,
    /jdbc \(not a JDBC URL\)/,
  )
})

t.test('what no kind knows is one place, which needs a pause', async (t) => {
  const groups = await located([
    storage('a', { storage: 'first', contactPoints: 'jdbc:oracle:thin:@//db/a' }),
    storage('b'),
    storage('c', { storage: 'second', contactPoints: 'jdbc:sqlserver://db' }),
  ])
  t.strictSame(
    groups.map(({ kind, settings }) => [kind.name, settings.length]),
    [
      ['other-database', 2],
      ['postgresql', 1],
    ],
  )
  const alone = await located([storage('a', { contactPoints: 'jdbc:oracle:thin:@//db/a' })])
  t.match(decidePause('auto', alone, [ledger]), { paused: true, why: /not consistent by itself/ })
})

t.test('who manages a server decides of which kind it is, together with its URL', async (t) => {
  t.equal(recogniser()(storage('a')).name, 'postgresql')
  t.match(await failureOf(() => recogniser({ managed: 'nobody' })(storage('a'))), { why: /jdbc \(postgresql\)/ })
  t.equal(
    recogniser({ managed: 'nobody' })(storage('a', { kind: 'dynamo', contactPoints: 'eu-west-1' })).name,
    'dynamodb',
  )
})

t.test('only one release on one transactional database does without a pause', async (t) => {
  const alone = await located([storage('a')])
  t.equal(decidePause('auto', alone, [ledger]).paused, false)
  t.equal(decidePause('never', alone, [ledger]).paused, false)
  t.equal(decidePause('always', alone, [ledger]).paused, true)
  const need: [string, Parameters<typeof decidePause>[1], Parameters<typeof decidePause>[2]][] = [
    ['two releases', await located([storage('a'), storage('a')]), [ledger, auditor]],
    ['two databases', await located([storage('a', { namespaces: [] }), storage('b', { namespaces: [] })]), [ledger]],
    ['multi-storage in one database', await located([storage('a', { namespaces: ['x'] })]), [ledger]],
    [
      'no transactional database',
      alone.map(({ kind, settings }) => ({
        settings,
        kind: { ...kind, capabilities: { ...kind.capabilities, consistentAlone: false } },
      })),
      [ledger],
    ],
  ]
  for (const [what, groups, releases] of need) {
    t.equal(decidePause('auto', groups, releases).paused, true, what)
    t.match(await failureOf(() => decidePause('never', groups, releases)), { exitCode: 2, what: /inconsistent/ }, what)
  }
})
