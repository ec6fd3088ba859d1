import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { accessOf } from '../../job/databases/mysql/access.ts'
import { connect } from '../../job/databases/mysql/connect.ts'
import type { StorageSettings } from '../../job/scalardb/storage-settings.ts'
import { failureOf } from '../unit/job/failure-of.ts'

// The attacker: who may edit a release, or answers in the place of its MySQL server.

const password = 'the-password-of-the-secret'
const scramble = Buffer.from('0123456789abcdefghij')
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

const packet = (sequence: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([body.length & 255, body.length >> 8, 0, sequence]), body])

/** Protocol::HandshakeV10 without TLS, as MySQL's internals manual has it. */
const greeting = Buffer.concat([
  Buffer.from([10]),
  Buffer.from('8.4.0\0'),
  Buffer.from([1, 0, 0, 0]),
  scramble.subarray(0, 8),
  // protocol 4.1, secure connection, plugin auth
  Buffer.from([0, 0x01, 0x82, 45, 2, 0, 0x08, 0, 21]),
  Buffer.alloc(10),
  scramble.subarray(8),
  Buffer.from([0]),
  Buffer.from('caching_sha2_password\0'),
])

/** A server that has the password sent by the full round of caching_sha2_password, by a key of its own. */
async function curious(t: Test) {
  const heard: Buffer[] = []
  const read: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data: Buffer) => {
      heard.push(data)
      const body = data.subarray(4)
      if (heard.length === 1) socket.write(packet(2, Buffer.from([1, 4])))
      else if (heard.length === 2) {
        const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))
        socket.write(packet(4, Buffer.concat([Buffer.from([1]), pem])))
      } else {
        const padding = constants.RSA_PKCS1_OAEP_PADDING
        const mixed = privateDecrypt({ key: privateKey, padding, oaepHash: 'sha1' }, body)
        read.push(Buffer.from(mixed.map((byte, at) => byte ^ (scramble[at % 20] ?? 0))).toString())
        socket.destroy()
      }
    })
    socket.write(packet(0, greeting))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  return { port, heard, read }
}

function settingsOf(port: number, query: string, more: Partial<StorageSettings>): StorageSettings {
  return {
    storage: 'default',
    kind: 'jdbc',
    contactPoints: `jdbc:mysql://localhost:${port}/${query}`,
    contactPort: undefined,
    username: 'admin',
    password,
    releaseUsername: 'ledger',
    secretHosts: ['localhost'],
    namespaces: undefined,
    property: () => undefined,
    ...more,
  }
}

t.test('who answers for a MySQL server reads the password where no certificate is verified', async (t) => {
  const server = await curious(t)
  await failureOf(connect(accessOf([settingsOf(server.port, '', {})])))
  t.strictSame(server.read, [`${password}\0`], "the release's own, as the release itself sends it")
})

t.test('the password of a Secret is not said to a MySQL server that is not verified', async (t) => {
  const server = await curious(t)
  for (const query of ['', '?sslMode=disable', '?sslMode=trust', '?sslMode=verify-ca']) {
    const access = accessOf([settingsOf(server.port, query, { fromSecret: true })])
    t.match(await failureOf(connect(access)), { what: /is not sent/, next: /sslMode=verify-full/ }, query)
  }
  t.strictSame(server.heard, [], 'nothing was said')
})

t.test('nor to one that offers no TLS where the URL wants it verified', async (t) => {
  const server = await curious(t)
  const access = accessOf([settingsOf(server.port, '?sslMode=verify-full', { fromSecret: true })])
  t.match(await failureOf(connect(access)), { why: /does not speak TLS/ })
  t.strictSame(server.heard, [])
})

t.test('a Secret that names its MySQL servers is for no other, and one that names none is for none', async (t) => {
  const none = { fromSecret: true, secretHosts: undefined }
  t.match(await failureOf(() => accessOf([settingsOf(3306, '?sslMode=verify-full&serverSslCert=/theirs', none)])), {
    why: /names localhost:3306, and the Secret does not say which servers/,
  })
  const given = { fromSecret: true, secretHosts: ['db.example.com', 'localhost:1'] }
  t.match(await failureOf(() => accessOf([settingsOf(3306, '', given)])), {
    what: /database secret is not used/,
    why: /names localhost:3306, and the Secret is for db.example.com, localhost:1/,
  })
  for (const host of ['localhost', 'localhost:3306'])
    t.equal(accessOf([settingsOf(3306, '', { ...given, secretHosts: [host] })]).username, 'admin')
  t.equal(accessOf([settingsOf(3306, '', { ...given, fromSecret: false })]).username, 'admin')
})
