import t from 'tap'
import {
  metadataTableName,
  namespacesTableName,
  namingOf,
  parsePhysicalName,
  physicalName,
  renamed,
} from '../../../../../../job/databases/dynamodb/tables/table-names.ts'
import { settingsFor } from '../installation.ts'

const naming = (prefix: string, properties: Record<string, string> = {}) =>
  namingOf(settingsFor({ endpoint: 'http://x' }, prefix, {}, properties))

t.test('a physical name is prefix, namespace and table, and can be taken apart again', (t) => {
  for (const prefix of ['', 'prod-', '1613960773-', 'a.b.']) {
    const name = { namespace: 'scalar', table: 'asset.of.dots' }
    t.strictSame(parsePhysicalName(prefix, physicalName(prefix, name)), name, prefix)
  }
  t.equal(parsePhysicalName('prod-', 'test-scalar.asset'), undefined)
  t.equal(parsePhysicalName('prod-', 'prod-.asset'), undefined)
  t.equal(parsePhysicalName('', 'no-namespace'), undefined)
  t.end()
})

t.test("ScalarDB's own tables, under each of the properties that name their namespace", (t) => {
  t.equal(metadataTableName(naming('')), 'scalardb.metadata')
  t.equal(namespacesTableName(naming('p-')), 'p-scalardb.namespaces')
  t.equal(metadataTableName(naming('p-', { system_namespace_name: 'own' })), 'p-own.metadata')
  t.equal(
    metadataTableName(naming('', { system_namespace_name: 'own', 'dynamo.table_metadata.namespace': 'older' })),
    'older.metadata',
    'the deprecated one comes first, as in DynamoConfig',
  )
  t.end()
})

t.test('indexes and policies follow their table to another name, whatever characters are in it', (t) => {
  t.equal(
    renamed('scalar.asset.global_index.owner', 'scalar.asset', '17-scalar.asset'),
    '17-scalar.asset.global_index.owner',
  )
  t.equal(
    renamed('table/scalar.asset/index/scalar.asset.global_index.a-index-read', 'scalar.asset', '$&x'),
    'table/$&x/index/$&x.global_index.a-index-read',
  )
  t.equal(renamed('by-owner', 'scalar.asset', 'x'), 'by-owner')
  t.end()
})
