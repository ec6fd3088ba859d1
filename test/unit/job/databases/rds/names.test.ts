import t from 'tap'
import { namesOf as namesOfAny } from '../../../../../job/databases/managed-server/server.ts'
import { readEndpoint } from '../../../../../job/databases/aws-relational/access.ts'
import { leadOf } from '../../../../../job/databases/aws-relational/lead.ts'
import { instances } from '../../../../../job/databases/rds/instances.ts'
import { failureOf } from '../../failure-of.ts'
import { startNameServer } from '../../name-server.ts'
import { storage } from './instance-world.ts'

const signal = new AbortController().signal
const { answers, asked } = await startNameServer(t)
const endpoint = 'ledger.abc.eu-west-1.rds.amazonaws.com'
const namesOf = (host: string) => namesOfAny(host, (name) => readEndpoint(name) !== undefined, signal)
const lead = (host: string) =>
  leadOf(instances, storage(`jdbc:postgresql://${host}/ledger`, { superuser: 'a', password: 'b' }), signal, {
    AWS_REGION: 'us-east-1',
  })

t.test('a host goes by the names that it is an alias of, up to the endpoint', async (t) => {
  answers.set('db.ledger.svc.cluster.local CNAME', { to: 'db.example.com' })
  answers.set('db.example.com CNAME', { to: endpoint })
  // What an endpoint that is reached from the Internet is an alias of.
  answers.set(`${endpoint} CNAME`, { to: 'ec2-203-0-113-7.eu-west-1.compute.amazonaws.com' })
  const names = ['db.ledger.svc.cluster.local', 'db.example.com', endpoint]
  t.strictSame(await namesOf('db.ledger.svc.cluster.local'), names)
  t.match(await lead('DB.ledger.svc.cluster.local'), { region: 'eu-west-1', port: 5432, names })
  t.notOk(asked.includes(`${endpoint} CNAME`), 'an endpoint needs no name server')
})

t.test('a name without an alias is its only one, and an address is not asked for', async (t) => {
  t.strictSame(await namesOf('db'), ['db'])
  asked.length = 0
  t.strictSame(await namesOf('127.0.0.1'), ['127.0.0.1'])
  t.strictSame(await namesOf('fd00::1'), ['fd00::1'])
  t.strictSame(asked, [])
  t.match(await lead('db'), { region: 'us-east-1', names: ['db'] })
})

t.test('aliases in a circle end', async (t) => {
  answers.set('a.example.com CNAME', { to: 'b.example.com' })
  answers.set('b.example.com CNAME', { to: 'a.example.com' })
  t.equal((await namesOf('a.example.com')).length, 9)
})

t.test('a name server that fails is told, and no other region is taken', async (t) => {
  answers.set('failing.example.com CNAME', 'servfail')
  t.match(await failureOf(lead('failing.example.com')), {
    what: /failing.example.com/,
    why: /name server .*SERVFAIL/,
    next: /DNS/,
  })
  answers.set('half.example.com CNAME', { to: 'failing.example.com' })
  t.match(await failureOf(lead('half.example.com')), { what: /failing.example.com/ })
})

t.test('an alias of a cluster or a proxy is refused', async (t) => {
  answers.set('proxied.example.com CNAME', { to: 'ledger.proxy-abc.eu-west-1.rds.amazonaws.com' })
  t.match(await failureOf(lead('proxied.example.com')), { why: /is of a proxy/ })
  answers.set('clustered.example.com CNAME', { to: 'ledger.cluster-abc.eu-west-1.rds.amazonaws.com' })
  t.match(await failureOf(lead('clustered.example.com')), {
    why: /is of a cluster of Aurora/,
    next: /--managed aurora/,
  })
})
