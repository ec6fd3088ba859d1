import t from 'tap'
import { referencesOf } from '../../../../../../plugin/kubernetes/jobs/compose/property-references.ts'

t.test('both template syntaxes name their variables, other properties name none', async (t) => {
  const found = referencesOf(
    [
      'scalar.db.username={{ default .Env.USER_NAME "" }}',
      'scalar.db.password=${env:PASSWORD:-none}',
      'scalar.dl.ledger.x=${env:OTHER}',
      '# scalar.db.y=${env:COMMENT}',
    ].join('\n'),
  )
  t.same(found.variables, ['USER_NAME', 'PASSWORD'])
})

t.test('a value continued on the next line is one value', async (t) => {
  t.same(referencesOf('scalar.db.contact_points=a,\\\n  ${env:B}').variables, ['B'])
})

t.test('paths are found in URLs and alone, a URL itself is none', async (t) => {
  const found = referencesOf(
    'scalar.db.contact_points=jdbc:postgresql://db:5432/ledger?sslrootcert=/tls/ca.crt\nscalar.db.key_path=/keys/k',
  )
  t.ok(found.paths.includes('/tls/ca.crt'))
  t.ok(found.paths.includes('/keys/k'))
  t.notOk(found.paths.includes('/ledger'))
})

t.test('storages of a multi-storage are all named, a template hides them', async (t) => {
  const multi =
    'scalar.db.storage=multi-storage\nscalar.db.multi_storage.storages.a.storage=jdbc\n' +
    'scalar.db.multi_storage.storages.b.storage=cassandra'
  t.same(referencesOf(multi).storages, ['multi-storage', 'jdbc', 'cassandra'])
  t.equal(referencesOf('scalar.db.storage=${env:STORAGE}').storages, undefined)
  t.equal(referencesOf('').storages, undefined)
})
