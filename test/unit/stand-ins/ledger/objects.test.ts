import type { V1ConfigMap, V1Deployment, V1Service } from '@kubernetes/client-node'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments, stringify } from 'yaml'
import { productOf } from '../../../../operation/product.ts'
import { ledgerRelease } from '../../../stand-ins/ledger/release/objects.ts'
import { readProperties, storageProperties } from '../../../stand-ins/ledger/properties.ts'
import { readSettings } from '../../../stand-ins/ledger/settings.ts'
import { singleStorage, twoDatabases } from '../../../stand-ins/ledger/release/release-properties.ts'
import { postgresqlServer, usualRoles } from '../../../stand-ins/postgresql/objects.ts'

const deploymentOf = (release: ReturnType<typeof ledgerRelease>) =>
  release.objects.find((object) => object.kind === 'Deployment') as V1Deployment
const serviceOf = (release: ReturnType<typeof ledgerRelease>, name: string) =>
  release.objects.find((object) => object.kind === 'Service' && object.metadata?.name === name) as V1Service | undefined

for (const app of ['ledger', 'auditor', 'scalardb-cluster'] as const) {
  t.test(`a release of ${app} is found as one of the chart's would be`, (t) => {
    const release = ledgerRelease({ release: 'my', namespace: 'n', product: app, properties: 'x=y' })
    const pod = deploymentOf(release).spec?.template
    const product = productOf(pod?.metadata?.labels)
    t.equal(product?.app, app)
    t.equal(pod?.metadata?.labels?.['app.kubernetes.io/instance'], 'my')
    const mount = pod?.spec?.containers[0]?.volumeMounts?.[0]
    t.equal(mount?.subPath, product?.propertiesFile)
    t.ok(mount?.mountPath.endsWith(`/${product?.propertiesFile}`))
    const port = serviceOf(release, release.headlessService)?.spec?.ports?.find(
      ({ name }) => name === product?.adminPortName,
    )
    t.equal(port?.port, product?.adminPort)
    t.end()
  })
}

t.test('names are the chart’s', (t) => {
  const release = ledgerRelease({ release: 'my', namespace: 'n', properties: '' })
  t.equal(release.deployment, 'my-scalardl-ledger')
  t.equal(release.headlessService, 'my-scalardl-headless')
  t.equal(release.propertiesConfigMap, 'my-scalardl-ledger-properties')
  t.equal(ledgerRelease({ release: 'a-scalardl', namespace: 'n', properties: '' }).deployment, 'a-scalardl-ledger')
  t.equal(
    ledgerRelease({ release: 'my', namespace: 'n', product: 'auditor', properties: '' }).deployment,
    'my-scalardl-audit-auditor',
  )
  t.equal(
    ledgerRelease({ release: 'my', namespace: 'n', product: 'scalardb-cluster', properties: '' }).deployment,
    'my-scalardb-cluster-node',
  )
  t.end()
})

t.test('passwords stand in Secrets alone', (t) => {
  const release = ledgerRelease({
    release: 'my',
    namespace: 'n',
    properties: twoDatabases('postgresql', ['a', 'b'], { username: 'DB_USERNAME', password: 'DB_PASSWORD' }),
    database: { username: 'scalar', password: 'sesame' },
    secret: { name: 'database', values: { DB_USERNAME: 'scalar', DB_PASSWORD: 'sesame' } },
  })
  const server = postgresqlServer({
    name: 'postgresql',
    namespace: 'n',
    superuserPassword: 'sesame',
    roles: usualRoles({ scalar: 'sesame', admin: 'sesame' }),
  })
  const others = [...release.objects, ...server].filter((object) => object.kind !== 'Secret')
  t.notMatch(others.map((object) => stringify(object)).join('---\n'), 'sesame')
  t.ok(
    parseAllDocuments(others.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n')).every(
      (document) => document.errors.length === 0,
    ),
  )
  t.end()
})

t.test('properties are read with both kinds of templates', (t) => {
  const environment = { USER_A: 'scalar', PASSWORD_A: 'p$1\\w' }
  for (const template of ['environment', 'helm'] as const) {
    const text = twoDatabases('db.example:5433', ['one', 'two'], {
      username: 'USER_A',
      password: 'PASSWORD_A',
      template,
    })
    const storages = storageProperties(readProperties(text, environment))
    t.strictSame(storages.connections.get('b'), {
      kind: 'postgresql',
      host: 'db.example',
      port: 5433,
      database: 'two',
      user: 'scalar',
      password: 'p$1\\w',
      ssl: false,
    })
    t.strictSame(['scalar', 'savings', 'unknown'].map(storages.storageOf), ['a', 'b', 'a'])
  }
  const single = storageProperties(
    readProperties(
      singleStorage({ server: 'db', database: 'one' }, { username: 'NONE', password: 'PASSWORD_A', template: 'helm' }),
      environment,
    ),
  )
  t.strictSame(single.connections.get('default'), {
    kind: 'postgresql',
    host: 'db',
    port: 5432,
    database: 'one',
    user: '',
    password: 'p$1\\w',
    ssl: false,
  })
  t.strictSame(
    [...readProperties('a=${env:NONE}\nb=${env:NONE:-other}', {})],
    [
      ['a', '${env:NONE}'],
      ['b', 'other'],
    ],
  )
  t.end()
})

t.test('how long a server answers on once it was told to end: a second, or what the product does by itself', (t) => {
  const folder = t.testdir()
  const decommissioningMs = (decommissioningS?: 'default') => {
    const { objects } = ledgerRelease({
      release: 'my',
      namespace: 'n',
      product: 'scalardb-cluster',
      properties: singleStorage({ server: 'db', database: 'd' }, { username: 'U', password: 'P' }),
      ...(decommissioningS && { decommissioningS }),
    })
    const configMap = objects.find(({ kind }) => kind === 'ConfigMap') as V1ConfigMap
    const file = join(folder, 'node.properties')
    writeFileSync(file, Object.values(configMap.data ?? {})[0] ?? '')
    return readSettings({ STAND_IN_PRODUCT: 'scalardb-cluster', STAND_IN_PROPERTIES: file }).decommissioningMs
  }
  t.equal(decommissioningMs(), 1000)
  t.equal(decommissioningMs('default'), 30_000)
  t.end()
})
