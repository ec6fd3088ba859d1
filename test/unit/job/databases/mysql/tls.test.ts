import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { mysql } from '../../../../../job/databases/mysql/mysql.ts'
import { ensureProgram } from '../../../../java-client/ensure.ts'
import { CertificateAuthority } from '../../../../local-kubernetes/certificates.ts'
import { chosenServer, startMysql, type LocalMysql } from '../../../../stand-ins/mysql/local-server.ts'
import { storageOf } from '../database-conformance.ts'
import { settingsFor } from './ledger-schemas.ts'

const skip = chosenServer() === 'mysql-8.0' ? 'its OpenSSL 1.0.2 takes no certificate with a key on a curve' : false
const authority = new CertificateAuthority(join(t.testdir(), 'authority'))
await authority.make()
const serverCalled = async (name: string): Promise<LocalMysql> => {
  const { certificate, key } = await authority.issue(name, { commonName: name, names: [`DNS:${name}`] })
  const started = await startMysql([
    `--ssl-ca=${authority.certificate}`,
    `--ssl-cert=${certificate}`,
    `--ssl-key=${key}`,
  ])
  t.teardown(() => started.stop())
  return started
}
const [server, other] = [await serverCalled('localhost'), await serverCalled('other')]

t.test('connections are encrypted, and servers trusted, as the URL says', { skip }, async (t) => {
  const { context } = storageOf(t)
  const ca = `serverSslCert=${encodeURIComponent(authority.certificate)}`
  const cases: [string, LocalMysql, string, RegExp][] = [
    ['127.0.0.1', server, '', /connected as/],
    ['127.0.0.1', server, 'sslMode=trust', /connected as/],
    ['127.0.0.1', server, 'sslMode=REQUIRED', /connected as/],
    ['127.0.0.1', server, 'sslMode=PREFERRED', /connected as/],
    ['127.0.0.1', server, `sslMode=VERIFY_CA&${ca}`, /connected as/],
    ['localhost', server, `sslMode=VERIFY_IDENTITY&${ca}`, /connected as/],
    ['127.0.0.1', server, `sslMode=verify-ca&${ca}`, /connected as/],
    ['localhost', server, `sslMode=verify-full&${ca}`, /connected as/],
    ['localhost', other, `sslMode=verify-ca&${ca}`, /connected as/],
    ['localhost', other, `sslMode=verify-full&${ca}`, /for another host name/],
    ['127.0.0.1', server, `sslMode=verify-full&${ca}`, /needs a host name/],
    ['localhost', server, 'sslMode=verify-full', /not signed by an authority that is trusted/],
    ['localhost', server, 'sslMode=verify-ca', /not signed by an authority that is trusted/],
  ]
  for (const [host, at, query, message] of cases) {
    const contactPoints = `jdbc:mysql://${host}:${at.port}/?${query}`
    const source = mysql.openBackup([settingsFor(at, '', { contactPoints })], context('b'))
    const [first] = await source.preflight()
    t.match(first, { check: 'database connection', message }, `${host} ${query}`)
    await source.close()
  }
})

t.test('a user that must be encrypted is, and is told where the URL forbids it', { skip }, async (t) => {
  const { context } = storageOf(t)
  const admin = await server.connect()
  await admin.query(`CREATE USER secure@'%' IDENTIFIED BY 's' REQUIRE SSL; GRANT ALL ON *.* TO secure@'%'`)
  await admin.end()
  const check = async (query: string) => {
    const contactPoints = `jdbc:mysql://127.0.0.1:${server.port}/?${query}`
    const own = settingsFor(server, '', { contactPoints, username: 'secure', password: 's' })
    const source = mysql.openBackup([own], context('b'))
    const [first] = await source.preflight()
    await source.close()
    return first
  }
  t.match(await check(''), { outcome: 'ok' })
  t.match(await check('sslMode=disable'), { outcome: 'error', cure: /./ })
})

// Azure Database for MySQL and, from 8.4 on, Amazon RDS: require_secure_transport is on unless it is turned off.
t.test('a server that lets nobody in without encryption', { skip }, async (t) => {
  const { context } = storageOf(t)
  const admin = await server.connect()
  await admin.query('SET GLOBAL require_secure_transport = ON')
  const cases: [string, object][] = [
    ['', { outcome: 'ok' }],
    ['?sslMode=trust', { outcome: 'ok' }],
    ['?sslMode=disable', { outcome: 'error', message: /over encrypted connections only/, cure: /verify-full/ }],
  ]
  for (const [query, expected] of cases) {
    const contactPoints = `jdbc:mysql://127.0.0.1:${server.port}/${query}`
    const source = mysql.openBackup([settingsFor(server, '', { contactPoints })], context('b'))
    const [first] = await source.preflight()
    t.match(first, expected, query)
    await source.close()
  }
  await admin.query('SET GLOBAL require_secure_transport = OFF')
  await admin.end()
})

t.test("a Secret's password is sent to a server whose certificate is verified", { skip }, async (t) => {
  const { context } = storageOf(t)
  const ca = `serverSslCert=${encodeURIComponent(authority.certificate)}`
  const cases: [LocalMysql, string, RegExp][] = [
    [server, `sslMode=verify-full&${ca}`, /connected as/],
    [other, `sslMode=verify-ca&${ca}`, /connected as/],
    [other, `sslMode=verify-full&${ca}`, /for another host name/],
    [server, `sslMode=trust&${ca}`, /is not verified/],
  ]
  for (const [at, query, message] of cases) {
    const contactPoints = `jdbc:mysql://localhost:${at.port}/?${query}`
    const source = mysql.openBackup(
      [settingsFor(at, '', { contactPoints, fromSecret: true, secretHosts: ['localhost'] })],
      context('b'),
    )
    const [first] = await source.preflight()
    t.match(first, { message }, query)
    await source.close()
  }
})

t.test("the authorities of Java's trust stores are trusted, and nobody else", { skip }, async (t) => {
  const { context } = storageOf(t)
  await ensureProgram('keytool', '-help', 'openjdk-17-jre-headless')
  const folder = t.testdir()
  const strange = new CertificateAuthority(join(folder, 'strange'))
  await strange.make()
  const storeOf = async (name: string, of: CertificateAuthority, ...options: string[]) => {
    const path = join(folder, name)
    const store = ['-keystore', path, '-storepass', 's&cret!', ...options]
    await promisify(execFile)('keytool', ['-importcert', '-noprompt', '-alias', 'a', '-file', of.certificate, ...store])
    return encodeURIComponent(path)
  }
  const [jks, pkcs12, old, others] = await Promise.all([
    storeOf('jks', authority, '-storetype', 'JKS'),
    storeOf('pkcs12', authority, '-storetype', 'PKCS12'),
    // as Java wrote them before its release 17
    storeOf('old', authority, '-storetype', 'PKCS12', '-J-Dkeystore.pkcs12.legacy'),
    storeOf('others', strange, '-storetype', 'PKCS12'),
  ])
  const password = 's%26cret!'
  const cases: [string, LocalMysql, RegExp][] = [
    [`trustStore=${jks}&trustStorePassword=${password}`, server, /connected as/],
    [`trustStore=${pkcs12}&trustStorePassword=${password}`, server, /connected as/],
    [`trustStore=${pkcs12}&trustStorePassword=${password}`, other, /for another host name/],
    [`trustStore=${old}&trustStorePassword=${password}`, server, /connected as/],
    [`trustCertificateKeyStoreUrl=file:${jks}&trustCertificateKeyStorePassword=${password}`, server, /connected as/],
    [`trustStore=${others}&trustStorePassword=${password}`, server, /not signed by an authority that is trusted/],
    [`trustStore=${pkcs12}&trustStorePassword=wrong`, server, /trustStore of the JDBC URL cannot be used/],
    [`trustStore=${jks}x&trustStorePassword=${password}`, server, /trustStore of the JDBC URL cannot be read/],
    [`trustStore=${encodeURIComponent(authority.certificate)}`, server, /trustStore of the JDBC URL cannot be used/],
  ]
  for (const [query, at, message] of cases) {
    const contactPoints = `jdbc:mysql://localhost:${at.port}/?sslMode=verify-full&${query}`
    const source = mysql.openBackup(
      [settingsFor(at, '', { contactPoints, fromSecret: true, secretHosts: ['localhost'] })],
      context('b'),
    )
    const [first] = await source.preflight()
    t.match(first, { check: 'database connection', message }, query)
    t.notMatch(first?.message, /cret!/)
    await source.close()
  }
})
