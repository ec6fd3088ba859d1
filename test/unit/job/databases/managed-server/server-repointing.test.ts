import t from 'tap'
import { onServer, withoutPassword } from '../../../../../job/databases/managed-server/server.ts'
import { ServerRepointing } from '../../../../../job/databases/managed-server/server-repointing.ts'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'

const server = { host: 'ledger-2.abc.eu-west-1.rds.amazonaws.com', port: 5432 }
const formerHost = 'Ledger.abc.eu-west-1.rds.amazonaws.com'

const storage = (contactPoints: string): StorageSettings => ({
  storage: 'ledger/default',
  kind: 'jdbc',
  contactPoints,
  contactPort: undefined,
  username: 'a',
  password: 'b',
  releaseUsername: undefined,
  namespaces: undefined,
  property: () => undefined,
})

function repointing(url: string, former?: string): ServerRepointing {
  return new ServerRepointing({
    title: 'rds://ledger:5432',
    service: 'an instance of RDS',
    noun: 'instance',
    settings: [storage(url)],
    context: {
      operation: 'restore-a',
      events: jsonLineEvents(() => undefined),
      signal: new AbortController().signal,
      ...(former === undefined
        ? {}
        : {
            former: {
              title: '',
              kind: 'rds',
              state: 'in-service' as const,
              details: { former: { 'ledger/default contact_points': former } },
            },
          }),
    },
    formerServer: { host: formerHost, port: 5432 },
    server,
  })
}

t.test('another server takes the place of that of a URL, and everything else stays', (t) => {
  const cases = {
    'jdbc:postgresql://old:5433/ledger?sslmode=verify-full&user=old': 'ledger?sslmode=verify-full&user=old',
    // A host that the name of the scheme has in it.
    'jdbc:postgresql://db/db': 'db',
    'jdbc:postgresql://postgresql/': '',
  }
  for (const [url, rest] of Object.entries(cases))
    t.equal(onServer(url, server), `jdbc:postgresql://${server.host}:5432/${rest}`)
  t.equal(onServer('jdbc:mysql://old?useSSL=true', server), `jdbc:mysql://${server.host}:5432?useSSL=true`)
  t.equal(
    withoutPassword('jdbc:mysql://h/?password=a&b=c&keyStorePassword=d&password2=e'),
    'jdbc:mysql://h/?password=…&b=c&keyStorePassword=…&password2=…',
  )
  t.end()
})

t.test('a URL with a comma in it is left to the administrator, who is told how it is written', async (t) => {
  const one = repointing(`jdbc:mariadb://${formerHost}/?sessionVariables=a=1,b=2`)
  t.match(await one.findings(), [{ outcome: 'error', message: /has a comma in it/, cure: /--repoint print/ }])
  t.match((await one.byHand()).at(-1), 'as \\\\, in a text of properties and as \\, in a variable')
})

t.test('the port of a pooler beside the server stays', async (t) => {
  const one = repointing(`jdbc:postgresql://${formerHost}:6432/ledger`)
  const url = `jdbc:postgresql://${server.host}:6432/ledger`
  t.match(one.restoredSettings(), [{ contactPoints: url }])
  t.match(await one.findings(), [{ message: `will be set: scalar.db.contact_points=${url}` }])
})

t.test('a URL that names the server itself has no alias', async (t) => {
  for (const host of [formerHost, server.host]) {
    const one = repointing(`jdbc:postgresql://${host}/ledger`)
    t.strictSame(one.aliases(), [])
    t.match(await one.findings(), [{ outcome: 'ok', message: new RegExp(server.host) }])
    t.equal((await one.findings()).length, 1)
  }
})

t.test('an alias is told, with what switches it in its place', async (t) => {
  const service = repointing('jdbc:postgresql://db.ledger.svc.cluster.local/ledger')
  t.match(await service.findings(), [
    { outcome: 'ok' },
    {
      outcome: 'warning',
      message: /names an alias, db.ledger.svc.cluster.local; the URL will name the instance itself/,
    },
  ])
  const [patch = '', certificate] = service.aliases()
  t.match(
    patch,
    `kubectl patch service db --namespace ledger --type merge --patch '{"spec":{"externalName":"${server.host}"}}'`,
  )
  t.match(certificate, /with the alias sslmode=verify-full fails/)
  t.match(repointing('jdbc:postgresql://db.example.com/ledger').aliases(), [
    `have the alias db.example.com lead to ${server.host}`,
    /sslmode/,
  ])
})

t.test('former and restored URLs are those of each storage', (t) => {
  const before = `jdbc:postgresql://${formerHost}/ledger`
  const one = repointing(`jdbc:postgresql://${server.host}:5432/ledger?password=p`, before)
  t.match(one.formerSettings(), [{ contactPoints: before }])
  t.match(one.restoredSettings(), [{ contactPoints: `jdbc:postgresql://${server.host}:5432/ledger?password=p` }])
  t.strictSame(repointing(before).formerSettings(), [], 'not known')
  t.end()
})
