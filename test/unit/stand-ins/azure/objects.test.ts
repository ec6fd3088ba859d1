import t from 'tap'
import { azureInCluster, azurePort, azureServer } from '../../../stand-ins/azure/objects.ts'
import { trustOf } from '../../../stand-ins/cloud/objects.ts'
import { changed, settingsSchema, type AzureChanges } from '../../../stand-ins/azure/settings.ts'

t.test('a pod of the stand-in has its certificate and settings that it understands', (t) => {
  const certificates = { ca: 'of the CA', certificate: 'of the server', key: 'its key' }
  const [secret, service, deployment, trust] = azureServer({
    name: 'azure',
    namespace: 'shop',
    image: 'azure:dev',
    certificates,
    settings: { timeScale: 10 },
  })
  t.strictSame(secret.stringData, { 'ca.crt': 'of the CA', 'tls.crt': 'of the server', 'tls.key': 'its key' })
  t.strictSame(trust.stringData, { 'ca.crt': 'of the CA' }, 'clients get no key')
  t.equal(trust.metadata?.name, trustOf('azure'))
  t.equal(service.spec?.ports?.[0]?.port, azurePort)
  const [container] = deployment.spec?.template.spec?.containers ?? []
  const given = container?.env?.find(({ name }) => name === 'AZURE_STAND_IN')?.value ?? '{}'
  const settings = changed(settingsSchema.parse({}), JSON.parse(given) as AzureChanges)
  t.equal(settings.timeScale, 10)
  t.equal(settings.documentEndpoint, `${azureInCluster('azure')}/accounts/{account}/`)
  t.end()
})
