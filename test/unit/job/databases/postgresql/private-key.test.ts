import { execFile } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import { Failure } from '../../../../../operation/failure.ts'
import { postgresql } from '../../../../../job/databases/postgresql/postgresql.ts'
import { noErrors, storageOf } from '../database-conformance.ts'
import { createLedgerDatabase, settingsFor } from './ledger-database.ts'

const server = await startPostgresql()
t.teardown(() => server.stop())
process.env['PATH'] = `${server.tools}:${process.env['PATH'] ?? ''}`

await t.test(
  'a private key as a Secret gives it, readable by others, in DER or encrypted, serves pg_dump as well',
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'private-key-'))
    t.teardown(() => rm(folder, { recursive: true }))
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=database', '-days', '2']
    await promisify(execFile)('openssl', [...request, '-keyout', key, '-out', certificate])
    const client = await createLedgerDatabase(server, 'keyed', 10)
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory')
    const data = rows[0]?.data_directory ?? ''
    const { uid, gid } = await stat(data)
    for (const [name, from] of [
      ['server.key', key],
      ['server.crt', certificate],
    ] as const) {
      await writeFile(join(data, name), await readFile(from), { mode: 0o600 })
      await chown(join(data, name), uid, gid)
    }
    await client.query('ALTER SYSTEM SET ssl = on')
    await client.query('SELECT pg_reload_conf()')
    await client.end()

    const [secret, shown] = [join(folder, 'secret'), join(folder, 'public')]
    const url = `jdbc:postgresql://127.0.0.1:${server.port}/keyed?sslmode=require&sslcert=${shown}&sslkey=${secret}`
    const pem = await readFile(key, 'utf8')
    const pemCertificate = await readFile(certificate, 'utf8')
    const encrypted = { type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'ke&y' } as const
    const forms = {
      pem: [pem, pemCertificate, ''],
      der: [
        createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' }),
        new X509Certificate(pemCertificate).raw,
        '',
      ],
      encrypted: [createPrivateKey(pem).export({ format: 'der', ...encrypted }), pemCertificate, '&sslpassword=ke%26y'],
    } as const
    for (const [form, [content, cert, password]] of Object.entries(forms)) {
      await writeFile(secret, content)
      await writeFile(shown, cert)
      await chmod(secret, 0o644)
      const { context } = storageOf(t)
      const source = postgresql.openBackup(
        [settingsFor(server, 'keyed', { contactPoints: url + password })],
        context(`backup-${form}`),
      )
      const findings = await source.preflight()
      noErrors(t, findings)
      t.ok(findings.some(({ check, outcome }) => check === 'dump' && outcome === 'ok'))
      await source.prepare()
      await source.snapshot()
      t.ok((await source.complete(`${form}/db`)).tables.length > 0)
      await source.close()
    }
    t.equal((await stat(secret)).mode & 0o777, 0o644, 'the mounted key is as it was')

    const refusal = async (parameters: string) => {
      const { context } = storageOf(t)
      const settings = settingsFor(server, 'keyed', { contactPoints: `${url}${parameters}` })
      const source = postgresql.openBackup([settings], context('backup-refused'))
      t.teardown(() => source.close())
      return source.preflight().then(
        (findings) => JSON.stringify(findings.filter(({ outcome }) => outcome === 'error')),
        (error: unknown) => (error instanceof Failure ? `${error.what}: ${error.why}. ${error.next}` : String(error)),
      )
    }
    t.match(await refusal('&sslpassword=wrong'), /sslkey of the JDBC URL cannot be used.*sslpassword/)
    t.match(await refusal('&sslkey=/keys/own.p12'), /PKCS-12 archive.*PKCS-8/)
  },
)
