import t from 'tap'
import { knownKinds } from '../../../../operation/databases/registry.ts'
import { ofKinds, readDatabaseFlags, readExecNamespaces, readExecSecrets } from '../../../../plugin/flags/kind-flags.ts'
import { refused } from '../refused.ts'

t.test('flags of one kind go to the worker by their names, and nothing where there are none', async (t) => {
  t.strictSame(readDatabaseFlags({ cassandraNamespace: 'db', cassandraSelector: 'app=c', to: 'x' }, false), {
    databases: { own: { 'cassandra-namespace': 'db', 'cassandra-selector': 'app=c' } },
  })
  t.strictSame(readDatabaseFlags({ to: 'x' }, false), {})
  t.strictSame(readDatabaseFlags({ managed: 'rds' }, false), { databases: { managed: 'rds' } })
  t.strictSame(readDatabaseFlags({}, true), { databases: { ownTool: true } })
})

t.test('namespaces are read once each', async (t) => {
  t.strictSame(readExecNamespaces({ cassandraNamespace: ['b', 'a', 'b'] }), ['a', 'b'])
  t.strictSame(readExecNamespaces({}), [])
  t.match(
    refused(() => readExecNamespaces({ cassandraNamespace: ['a/b'] })),
    { why: /no name of a namespace/ },
  )
})

t.test('a Secret is read with the namespace that it is in', async (t) => {
  t.strictSame(readExecSecrets({ cassandraClientSecret: 'mgmt.client' }, ['db']), ['mgmt.client'])
  t.strictSame(readExecSecrets({}, []), [])
  const { what } = refused(() => readExecSecrets({ cassandraClientSecret: 'a/b' }, ['db']))
  t.equal(what, '--cassandra-client-secret cannot be read')
  t.match(
    refused(() => readExecSecrets({ cassandraClientSecret: 'mgmt' }, [])),
    { why: /no namespace/, next: /--cassandra-namespace/ },
  )
})

t.test('what a flag means to several kinds is said once', async (t) => {
  const kinds = knownKinds.slice(0, 3)
  const say = (...texts: (string | undefined)[]) => {
    let at = 0
    return ofKinds(() => texts[at++], kinds)
  }
  t.strictSame(say('DynamoDB: one moment', 'Cosmos DB: one moment', undefined), {
    describe: 'DynamoDB, Cosmos DB: one moment',
    hidden: false,
  })
  t.strictSame(
    say('DynamoDB: a region: where', 'any: where', 'any: where').describe,
    'DynamoDB: a region: where; any: where',
  )
  t.strictSame(say(undefined, undefined, undefined), { describe: '', hidden: true })
})
