import t from 'tap'
import { propertiesSecret } from '../../../../../../plugin/kubernetes/jobs/compose/properties-source.ts'
import { originsOf } from '../../../../../../plugin/kubernetes/jobs/compose/release-environment.ts'
import { referencesOf } from '../../../../../../plugin/kubernetes/jobs/compose/property-references.ts'
import { releasePart } from '../../../../../../plugin/kubernetes/jobs/compose/release-part.ts'
import { chartProperties, chartRelease } from './chart-deployment.ts'

t.test('a request tells where the variables of the properties have their values from, and no value', async (t) => {
  const { properties } = releasePart(chartRelease(), 0, 'my-ledger', referencesOf(chartProperties)).target
  t.match(
    properties?.variables?.find(({ name }) => name === 'HELM_SCALAR_DB_PASSWORD'),
    { from: { kind: 'Secret', name: 'my-ledger', key: 'db-password' } },
  )
  const env = [
    { name: 'URI', value: 'https://secret.example.com' },
    { name: 'KEY', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } },
    { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'OTHER', value: 'x' },
  ]
  const envFrom = [{ configMapRef: { name: 'all' } }, { prefix: 'P_', secretRef: { name: 'mine' } }]
  const whole = [{ from: { kind: 'ConfigMap', name: 'all' } }, { prefix: 'P_', from: { kind: 'Secret', name: 'mine' } }]
  t.strictSame(originsOf({ name: 'c', env, envFrom }, { variables: ['URI', 'KEY', 'POD'] }), [
    { name: 'URI' },
    { name: 'KEY', from: { kind: 'ConfigMap', name: 'c', key: 'k' } },
    { name: 'POD' },
    ...whole,
  ])
  t.equal(originsOf({ name: 'c', env, envFrom }, undefined).length, 6, 'all, where the properties cannot be read')
  t.strictSame(originsOf({ name: 'c', env, envFrom }, { variables: [] }), [])
})

t.test('the Secret that holds the properties is named, where it is certain which', async (t) => {
  const container = { name: 'c' }
  const path = 'ledger.properties'
  const of = (volume: object) => propertiesSecret({ container, path, volume: { name: 'v', ...volume } })
  const items = [{ key: 'p', path }]
  t.strictSame(of({ secret: { secretName: 'mine' } }), { name: 'mine', key: path })
  t.strictSame(of({ secret: { secretName: 'mine', items } }), { name: 'mine', key: 'p' })
  t.strictSame(of({ projected: { sources: [{ secret: { name: 'mine', items } }] } }), { name: 'mine', key: 'p' })
  t.equal(of({ projected: { sources: [{ secret: { name: 'a' } }, { secret: { name: 'b' } }] } }), undefined)
  t.equal(of({ configMap: { name: 'c' } }), undefined)
})
