import t from 'tap'
import { parseJdbcUrl } from '../../../../../job/databases/mysql/jdbc-url.ts'
import { failureOf } from '../../failure-of.ts'

const hosts = (url: string) => parseJdbcUrl(url).hosts.map(({ host, port }) => `${host} ${port}`)

t.test('hosts and ports as the drivers take them', async (t) => {
  t.strictSame(hosts('jdbc:mysql://db/'), ['db 3306'])
  t.strictSame(hosts('jdbc:mysql://db'), ['db 3306'])
  t.strictSame(hosts('jdbc:mariadb://h1:1,h2,[2001:db8::1]:7/ledger'), ['h1 1', 'h2 3306', '2001:db8::1 7'])
  t.strictSame(hosts('jdbc:mariadb:sequential://h1,h2/'), ['h1 3306', 'h2 3306'])
  t.strictSame(hosts('jdbc:mysql:///'), ['localhost 3306'])
  t.match(parseJdbcUrl('jdbc:mysql://db/d?user=u&Password=p%26q+r'), { user: 'u', password: 'p&q+r' })
})

t.test('encryption in the words of both drivers', async (t) => {
  const tls = (query: string) => parseJdbcUrl(`jdbc:mysql://db/?${query}`).tls
  t.strictSame(tls(''), { mode: 'prefer' })
  t.strictSame(tls('useSSL=false'), { mode: 'prefer' })
  t.strictSame(tls('useSsl=true'), { mode: 'verify-full' })
  t.strictSame(tls('useSSL=true&trustServerCertificate=true'), { mode: 'trust' })
  t.strictSame(tls('sslMode=DISABLED'), { mode: 'disable' })
  t.strictSame(tls('sslmode=REQUIRED'), { mode: 'trust' })
  t.strictSame(tls('useSSL=true&verifyServerCertificate=false'), { mode: 'trust' })
  t.strictSame(tls('sslMode=PREFERRED'), { mode: 'prefer' })
  t.strictSame(tls('sslMode=VERIFY_CA'), { mode: 'verify-ca' })
  t.strictSame(tls('sslMode=VERIFY_IDENTITY'), { mode: 'verify-full' })
  t.strictSame(tls('sslMode=verify-ca&serverSslCert=%2Fca.pem'), { mode: 'verify-ca', certificate: '/ca.pem' })
})

t.test("Java's trust stores by the parameters of both drivers", async (t) => {
  const store = (query: string) => parseJdbcUrl(`jdbc:mysql://db/?sslMode=verify-ca&${query}`).tls.trustStore
  t.strictSame(store('trustStore=/a.p12&trustStorePassword=p%26w&trustStoreType=pkcs12'), {
    parameter: 'trustStore',
    file: '/a.p12',
    password: 'p&w',
  })
  t.strictSame(store('trustCertificateKeyStoreUrl=file:/b.jks'), {
    parameter: 'trustCertificateKeyStoreUrl',
    file: 'file:/b.jks',
  })
})

t.test('what cannot be done is refused with the cure, and without the password', async (t) => {
  const cases: [string, RegExp][] = [
    ['jdbc:mysql:db', /not of the form/],
    ['jdbc:mysql:aws://db/', /jdbc:mysql:aws:/],
    ['jdbc:mysql://db:99999/', /not a host and port/],
    ['jdbc:mysql://(host=db,port=1)/', /not a host and port/],
    ['jdbc:mysql://db/?sslMode=some', /sslMode some is not one of/],
    ['jdbc:mysql://db/?password=s3cret%zz', /not URL-encoded/],
    ['jdbc:mysql://user:s3cret@db:3306/', /not a host and port/],
    ['jdbc:mysql://user:a,s3cret@db:3306/', /not a host and port/],
    ['jdbc:mysql://address=(host=db)(password=s3cret)/', /not a host and port/],
    ['jdbc:mysql://db/?clientCertificateKeyStoreUrl=file:/store.jks', /a key of the client/],
    ['jdbc:mariadb://db/?keyStore=/store.p12&password=s3cret', /a key of the client/],
  ]
  for (const [url, why] of cases) {
    const failure = await failureOf(() => parseJdbcUrl(url))
    t.match(failure, { why, next: /./, exitCode: 2 }, url)
    t.notMatch(JSON.stringify(failure.text), /s3cret/)
  }
})
