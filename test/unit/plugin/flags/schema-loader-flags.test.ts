import t from 'tap'
import { readSchemaLoader, withCoordinator } from '../../../../plugin/flags/schema-loader-flags.ts'
import { refused } from '../refused.ts'

const image = 'reg.example.com/scalardb-schema-loader:3.16.0'
const config = ['--config', '/scalardl/exec/database.properties']

t.test('the command line is the one that Scalar publishes, unless another is given', async (t) => {
  t.equal(readSchemaLoader({}), undefined)
  const usual = readSchemaLoader({ schemaLoaderImage: image, schemaLoaderSchema: 'my-schema' })
  t.strictSame(usual?.request, { image, program: 'java', phase: 'repair', timeoutMs: 3_600_000 })
  t.strictSame(usual?.tool.command, [
    'java',
    '-jar',
    '/app.jar',
    ...config,
    '--schema-file',
    '/scalardl/schema/schema.json',
    '--repair-all',
  ])
  t.strictSame(usual?.tool.schema, { configMap: 'my-schema', key: 'schema.json' })
  const own = readSchemaLoader({
    schemaLoaderImage: image,
    '--': ['/loader.sh'],
    execTimeout: '5m',
    execEnv: ['SCHEMA_TYPE=auditor'],
    execLimits: 'memory=2Gi',
  })
  t.strictSame(own?.tool.command, ['/loader.sh', ...config, '--repair-all'], 'the image has its schema')
  t.match(own, {
    request: { timeoutMs: 300_000 },
    tool: { env: { SCHEMA_TYPE: 'auditor' }, limits: { memory: '2Gi' } },
  })
  const keyed = readSchemaLoader({ schemaLoaderImage: image, schemaLoaderSchema: 'my-schema/ledger.json' })
  t.strictSame(keyed?.tool.schema, { configMap: 'my-schema', key: 'ledger.json' })
})

t.test("the coordinator's tables are repaired where the backup has them", async (t) => {
  const exec = readSchemaLoader({ schemaLoaderImage: image })
  if (exec === undefined) throw new Error('there is one')
  const backupOf = (schema: string, kind = 'cosmos') => ({
    databases: [{ kind, title: 'x', storages: [], tables: [{ schema, name: 'state' }], details: {} }],
  })
  t.equal(withCoordinator(exec, backupOf('coordinator')).tool.command.at(-1), '--coordinator')
  t.equal(withCoordinator(exec, backupOf('scalar')), exec)
  t.equal(withCoordinator(exec, backupOf('coordinator', 'postgresql')), exec)
  const given = readSchemaLoader({ schemaLoaderImage: image, '--': ['loader', '--coordinator'] })
  t.equal(given && withCoordinator(given, backupOf('coordinator')), given)
})

t.test('bad input', async (t) => {
  const wrong: [Parameters<typeof readSchemaLoader>[0], RegExp][] = [
    [{ schemaLoaderSchema: 'my-schema' }, /^--schema-loader-schema cannot be used$/],
    [{ schemaLoaderImage: image, execImage: image }, /exclude each other$/],
    [{ schemaLoaderImage: image, schemaLoaderSchema: 'a/b/c' }, /^--schema-loader-schema a\/b\/c cannot be read$/],
    [{ schemaLoaderImage: image, schemaLoaderSchema: '/x' }, /cannot be read$/],
    [{ schemaLoaderImage: image, execTimeout: '0s' }, /^--exec-timeout cannot be 0s$/],
  ]
  for (const [flags, what] of wrong)
    t.match(
      refused(() => readSchemaLoader(flags)),
      { what, exitCode: 2 },
    )
})
