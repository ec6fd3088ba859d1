import t from 'tap'
import { parseJdbcUrl } from '../../../../../job/databases/postgresql/jdbc-url.ts'
import { failureOf } from '../../failure-of.ts'

const hosts = (url: string) => parseJdbcUrl(url).hosts.map(({ host, port }) => `${host} ${port}`)

t.test('hosts, ports and databases as pgjdbc takes them', async (t) => {
  t.strictSame(hosts('jdbc:postgresql://db/ledger'), ['db 5432'])
  t.strictSame(hosts('jdbc:postgresql://h1:1,h2,[2001:db8::1]:7/ledger'), ['h1 1', 'h2 5432', '2001:db8::1 7'])
  t.strictSame(hosts('jdbc:postgresql:ledger'), ['localhost 5432'])
  t.strictSame(hosts('jdbc:postgresql://:6000/'), ['localhost 6000'])
  t.equal(parseJdbcUrl('jdbc:postgresql://db/my%20ledger?currentSchema=x').database, 'my ledger')
  t.equal(parseJdbcUrl('jdbc:postgresql:ledger').database, 'ledger')
  t.equal(parseJdbcUrl('jdbc:postgresql:/').database, undefined)
  t.match(parseJdbcUrl('jdbc:postgresql://db/d?user=u&password=p%26q'), { user: 'u', password: 'p&q' })
})

t.test('encryption as pgjdbc takes it', async (t) => {
  const tls = (query: string) => parseJdbcUrl(`jdbc:postgresql://db/d?${query}`).tls
  t.strictSame(tls(''), { mode: 'prefer' })
  t.match(tls('ssl'), { mode: 'verify-full', rootCertificate: /\.postgresql\/root\.crt$/ })
  t.match(tls('ssl=true'), { mode: 'verify-full' })
  t.strictSame(tls('ssl=false'), { mode: 'prefer' })
  t.strictSame(tls('ssl=true&sslmode=require'), { mode: 'require' })
  t.strictSame(tls('sslmode=verify-ca&sslrootcert=/ca.crt'), { mode: 'verify-ca', rootCertificate: '/ca.crt' })
  t.strictSame(tls('ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory'), { mode: 'require' })
  t.match(tls('ssl=true&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory'), {
    mode: 'verify-full',
    rootCertificate: '/etc/ssl/certs/ca-certificates.crt',
  })
})

t.test('what pgjdbc would not understand is refused, without the password', async (t) => {
  for (const url of [
    'jdbc:mysql://db/d',
    'jdbc:postgresql://db:99999/d',
    'jdbc:postgresql://a:b:c/d',
    'jdbc:postgresql://db/d?sslmode=maybe&password=secret',
    'jdbc:postgresql://db/%zz?password=secret',
    'jdbc:postgresql://db/d?password=secret%zz',
    'jdbc:postgresql://user:secret@db:5432/d',
    'jdbc:postgresql://user:a,secret@db:5432/d',
    'jdbc:postgresql://user:a/secret@db:5432/d',
  ]) {
    const failure = await failureOf(() => parseJdbcUrl(url))
    t.equal(failure.exitCode, 2, url)
    t.notMatch(JSON.stringify(failure.text), /secret/)
  }
})
