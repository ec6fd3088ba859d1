import t from 'tap'
import { recogniser } from '../../../../job/databases/open.ts'
import type { StorageSettings } from '../../../../job/scalardb/storage-settings.ts'
import { engineOf, placeOfUrl } from '../../../../operation/databases/engines.ts'

const settingsOf = (contactPoints: string, kind = 'jdbc'): StorageSettings => ({
  storage: 'default',
  kind,
  contactPoints,
  contactPort: undefined,
  username: undefined,
  password: undefined,
  releaseUsername: undefined,
  namespaces: undefined,
  property: () => undefined,
})

t.test('a database is named by its URL, with its place and without anything secret', async (t) => {
  for (const [url, engine, place, kind] of [
    [
      'jdbc:oracle:thin:scott/tiger@//db.example.com:1521/ORCL',
      'Oracle Database',
      'db.example.com:1521/ORCL',
      'other-database',
    ],
    ['jdbc:oracle:thin:@db:1521:ORCL', 'Oracle Database', 'db:1521:ORCL', 'other-database'],
    ['jdbc:sqlserver://db:1433;databaseName=l;password=tiger', 'SQL Server', 'db:1433', 'other-database'],
    ['jdbc:db2://db:50000/ledger:password=tiger;user=u;', 'Db2', 'db:50000/ledger', 'other-database'],
    ['jdbc:yugabytedb://u:tiger@db:5433/ledger?password=tiger', 'YugabyteDB', 'db:5433/ledger', 'other-database'],
    ['jdbc:postgresql://db:26257/ledger', 'CockroachDB', 'db:26257/ledger', 'other-database'],
    [
      'jdbc:postgresql://free.aws.cockroachlabs.cloud/ledger',
      'CockroachDB',
      'free.aws.cockroachlabs.cloud/ledger',
      'other-database',
    ],
    [
      'jdbc:cloudspanner:/projects/p/instances/i/databases/d',
      'Spanner',
      '/projects/p/instances/i/databases/d',
      'other-database',
    ],
    [
      'jdbc:postgresql:///ledger?socketFactory=com.google.cloud.alloydb.SocketFactory',
      'AlloyDB',
      '/ledger',
      'postgresql',
    ],
    ['jdbc:postgresql://db/ledger?port=26257', 'PostgreSQL', 'db/ledger', 'postgresql'],
    ['jdbc:mysql://db/', 'MySQL', 'db/', 'mysql'],
    ['jdbc:h2:tcp://db/ledger', 'H2', 'db/ledger', 'other-database'],
    ['jdbc:new-one://db/ledger', 'new-one', 'db/ledger', 'other-database'],
  ] as const) {
    t.equal(engineOf(settingsOf(url)), engine, url)
    t.equal(placeOfUrl(url), place, url)
    t.notMatch(placeOfUrl(url), /tiger/)
    t.equal(recogniser()(settingsOf(url)).name, kind, url)
  }
  t.throws(() => recogniser()(settingsOf('db.example.com')), { message: /cannot be backed up/ })
})
