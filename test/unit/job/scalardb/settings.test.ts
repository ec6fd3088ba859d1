import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Failure } from '../../../../operation/failure.ts'
import { coordinatorNamespace, metadataSchema } from '../../../../job/scalardb/metadata.ts'
import { readSettings } from '../../../../job/scalardb/settings.ts'

function settingsOf(t: Test, text: string, env: NodeJS.ProcessEnv = {}, secret: Record<string, string> = {}) {
  const folder = t.testdir({ 'ledger.properties': text, secret })
  return readSettings(
    { name: 'my-ledger', app: 'ledger', properties: { file: join(folder, 'ledger.properties'), envPrefix: 'R0_' } },
    env,
    join(folder, 'secret'),
  )
}

function refusal(run: () => unknown): Failure {
  try {
    run()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('it was accepted')
}

const single = `
# as the chart writes it
scalar.db.storage=jdbc
scalar.db.contact_points = jdbc:postgresql://db\\\\,db2:5432/ledger
scalar.db.username={{ default .Env.DB_USER "ledger" }}
scalar.db.password=\${env:DB_PASSWORD}
scalar.dl.ledger.proof.private_key={{ .Env.NOT_OURS }}
scalar.db.dynamo.endpoint_override=\${env:NOT_OURS}
`

t.test('a single storage, with both kinds of placeholders and the prefix of its release', async (t) => {
  const [one, ...others] = settingsOf(t, single, { R0_DB_USER: 'me', R0_DB_PASSWORD: 's3${cret}', DB_USER: 'wrong' })
  t.strictSame(others, [])
  t.match(one, {
    storage: 'default',
    kind: 'jdbc',
    contactPoints: 'jdbc:postgresql://db,db2:5432/ledger',
    username: 'me',
    password: 's3${cret}',
    releaseUsername: 'me',
  })
  t.equal(one?.namespaces, undefined)
})

t.test('defaults of placeholders', async (t) => {
  const text = single.replace('${env:DB_PASSWORD}', '${env:DB_PASSWORD:-p:-q}')
  t.match(settingsOf(t, text)[0], { username: 'ledger', password: 'p:-q' })
})

t.test('a variable that nobody set is named, only when its property is needed', async (t) => {
  const failure = refusal(() => settingsOf(t, single))
  t.match(failure.why, /DB_PASSWORD is not set/)
  t.match(failure.what, /scalar\.db\.password/)
  t.match(
    refusal(() => settingsOf(t, single.replace('{{ default .Env.DB_USER "ledger" }}', '{{ .Env.DB_USER }}'))).why,
    /DB_USER is not set/,
  )
  t.match(
    refusal(() => settingsOf(t, single.replace('${env:DB_PASSWORD}', '${sys:secret}'))).why,
    /only inside the server/,
  )
})

t.test('multi-storage: shared properties, own properties, namespaces', async (t) => {
  const text = `
scalar.db.storage=multi-storage
scalar.db.multi_storage.storages=a, b
scalar.db.multi_storage.storages.a.storage=jdbc
scalar.db.multi_storage.storages.a.contact_points=jdbc:postgresql://db/a
scalar.db.multi_storage.storages.a.username=ua
scalar.db.multi_storage.storages.b.storage=jdbc
scalar.db.multi_storage.storages.b.contact_points=jdbc:postgresql://db/b
scalar.db.multi_storage.storages.b.jdbc.table_metadata.schema=meta_b
scalar.db.username=shared
scalar.db.password=pw
scalar.db.system_namespace_name=sys
scalar.db.consensus_commit.coordinator.namespace=coord
scalar.db.multi_storage.namespace_mapping=scalar:a,coord:b
scalar.db.multi_storage.table_mapping=extra.t:b
scalar.db.multi_storage.default_storage=b
`
  const [a, b] = settingsOf(t, text, {}, { username: 'admin', 'b.username': 'admin_b', password: 'adminpw\n' })
  t.match(a, {
    storage: 'a',
    contactPoints: 'jdbc:postgresql://db/a',
    username: 'admin',
    releaseUsername: 'ua',
    password: 'adminpw',
    namespaces: ['scalar'],
  })
  t.match(b, { storage: 'b', username: 'admin_b', releaseUsername: 'shared', namespaces: ['coord', 'extra'] })
  if (a === undefined || b === undefined) throw new Error('two storages')
  t.equal(metadataSchema(a), 'sys')
  t.equal(metadataSchema(b), 'meta_b')
  t.equal(coordinatorNamespace(a), 'coord')
  t.match(refusal(() => settingsOf(t, text.replace('default_storage=b', 'default_storage=c'))).why, /"c"/)
  t.match(
    refusal(() => settingsOf(t, text.replace('storages.a.storage=jdbc', 'storages.a.x=jdbc'))).why,
    /storages\.a\.storage is missing/,
  )
})

t.test('releases without a database of their own, or without contact points, are refused', async (t) => {
  t.match(
    refusal(() => settingsOf(t, 'scalar.db.transaction_manager=cluster\nscalar.db.contact_points=indirect:x')).why,
    /another ScalarDB server/,
  )
  t.match(refusal(() => settingsOf(t, 'scalar.db.storage=jdbc')).why, /contact_points/)
  t.match(refusal(() => readSettings({ name: 'x', app: 'ledger' }, {})).why, /properties were not found/)
  t.match(
    refusal(() => readSettings({ name: 'x', app: 'ledger', properties: { file: '/nowhere/x', envPrefix: '' } }, {}))
      .why,
    /\/nowhere\/x/,
  )
})

t.test('the jdbc transaction manager needs no storage property', async (t) => {
  t.match(settingsOf(t, 'scalar.db.transaction_manager=jdbc\nscalar.db.contact_points=jdbc:postgresql://h/d')[0], {
    kind: 'jdbc',
    username: undefined,
  })
})
