import { join } from 'node:path'
import t from 'tap'
import { mysql } from '../../../../../job/databases/mysql/mysql.ts'
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
    const source = mysql.openBackup([settingsFor(at, '', { contactPoints, fromSecret: true })], context('b'))
    const [first] = await source.preflight()
    t.match(first, { message }, query)
    await source.close()
  }
})
