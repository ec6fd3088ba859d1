import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { accessOf } from '../../job/databases/postgresql/access.ts'
import { connect } from '../../job/databases/postgresql/connect.ts'
import { tryDump } from '../../job/databases/postgresql/backup/dump.ts'
import type { StorageSettings } from '../../job/scalardb/storage-settings.ts'
import { postgresqlTools } from '../stand-ins/postgresql/tools.ts'
import { failureOf } from '../unit/job/failure-of.ts'

// The attacker: who may edit a release, or answers in the place of its database.

process.env['PATH'] = `${await postgresqlTools()}:${process.env['PATH'] ?? ''}`
const password = 'the-password-of-the-secret'

/** A server that asks for the password, as PostgreSQL's protocol has it: 3 in clear, 5 as MD5 with a salt. */
async function curious(t: Test, how: 3 | 5) {
  const heard: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data: Buffer) => {
      const isTlsRequest = data.length === 8 && data.readInt32BE(4) === 80877103
      if (isTlsRequest) return void socket.write('N')
      heard.push(data)
      const salt = how === 5 ? [1, 2, 3, 4] : []
      if (heard.length === 1)
        socket.write(Buffer.from(['R'.charCodeAt(0), 0, 0, 0, 8 + salt.length, 0, 0, 0, how, ...salt]))
      else socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  return {
    port,
    wasAsked: () => heard.length > 0,
    answers: () => heard.filter((data) => data[0] === 'p'.charCodeAt(0)),
  }
}

function settingsOf(port: number, more: Partial<StorageSettings>): StorageSettings {
  return {
    storage: 'default',
    kind: 'jdbc',
    contactPoints: `jdbc:postgresql://127.0.0.1:${port}/ledger`,
    contactPort: undefined,
    username: 'admin',
    password,
    releaseUsername: 'ledger',
    secretHosts: ['127.0.0.1'],
    namespaces: undefined,
    property: () => undefined,
    ...more,
  }
}

t.test('the password of a Secret is not said to a server that asks for it', async (t) => {
  for (const how of [3, 5] as const) {
    const server = await curious(t, how)
    const access = accessOf([settingsOf(server.port, { fromSecret: true })])
    t.match(await failureOf(connect(access)), { message: /not sent|in clear or as MD5/ })
    t.ok(server.wasAsked(), `type ${how}: it had its chance`)
    t.strictSame(server.answers(), [], `type ${how}: nothing was said`)
  }
})

t.test("nor by PostgreSQL's own tools", async (t) => {
  const server = await curious(t, 3)
  const access = accessOf([settingsOf(server.port, { fromSecret: true })])
  const { signal } = new AbortController()
  t.match(await failureOf(tryDump(access, 'db', { schemas: ['scalar'], extensions: [] }, signal)), {
    why: /authentication/,
  })
  t.ok(server.wasAsked(), 'it had its chance')
  t.strictSame(server.answers(), [])
})

t.test("the release's own password goes as the release itself sends it", async (t) => {
  const server = await curious(t, 3)
  await failureOf(connect(accessOf([settingsOf(server.port, {})])))
  t.match(server.answers().toString(), new RegExp(password))
})

t.test('a Secret that names no servers is for none, whatever the release says', async (t) => {
  const server = await curious(t, 5)
  for (const secretHosts of [undefined, []])
    t.match(
      await failureOf(async () => connect(accessOf([settingsOf(server.port, { fromSecret: true, secretHosts })]))),
      {
        what: /database secret is not used/,
        why: new RegExp(`names 127.0.0.1:${server.port}, and the Secret does not say which servers`),
        next: new RegExp(`add 127.0.0.1:${server.port} to the key "hosts"`),
      },
    )
  t.equal(server.wasAsked(), false, 'nobody connects to it')
  t.equal(accessOf([settingsOf(server.port, { secretHosts: undefined })]).username, 'admin', "the release's own")
})

t.test('a Secret that names its servers is for no other', async (t) => {
  const server = await curious(t, 3)
  const given = { fromSecret: true, secretHosts: ['db.example.com', '127.0.0.1:1'] }
  t.match(await failureOf(() => accessOf([settingsOf(server.port, given)])), {
    what: /database secret is not used/,
    why: /the Secret is for db.example.com, 127.0.0.1:1/,
  })
  for (const host of ['127.0.0.1', `127.0.0.1:${server.port}`])
    t.equal(accessOf([settingsOf(server.port, { ...given, secretHosts: [host] })]).username, 'admin')
})
