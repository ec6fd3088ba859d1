import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { join } from 'node:path'
import t from 'tap'
import { connectApi, inClusterConfig } from '../../../../job/kubernetes/api.ts'
import { CertificateAuthority } from '../../../local-kubernetes/certificates.ts'

t.test('a pod asks the API server with the token that it has now, and trusts the CA that it was given', async (t) => {
  const folder = t.testdir()
  const authority = new CertificateAuthority(folder)
  await authority.make()
  const pair = await authority.issue('server', { commonName: 'server', names: ['IP:127.0.0.1'] })
  const seen: string[] = []
  const server = createServer(
    { cert: readFileSync(pair.certificate), key: readFileSync(pair.key) },
    (request, response) => {
      seen.push(`${request.url} ${request.headers.authorization}`)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ metadata: { name: 'a' } }))
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const environment = {
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(typeof address === 'object' ? address?.port : 0),
  }
  copyFileSync(authority.certificate, join(folder, 'ca.crt'))
  const token = join(folder, 'token')
  writeFileSync(token, 'first')
  const { batch } = connectApi(inClusterConfig(environment, folder))
  const ask = () => batch.readNamespacedJob({ name: 'a', namespace: 'ns' })
  t.equal((await ask()).metadata?.name, 'a')
  writeFileSync(token, 'second\n')
  await ask()
  const path = '/apis/batch/v1/namespaces/ns/jobs/a'
  t.strictSame(seen, [`${path} Bearer first`, `${path} Bearer second`])

  const stranger = new CertificateAuthority(join(folder, 'stranger'))
  await stranger.make()
  copyFileSync(stranger.certificate, join(folder, 'ca.crt'))
  const deceived = connectApi(inClusterConfig(environment, folder))
  await t.rejects(deceived.batch.readNamespacedJob({ name: 'a', namespace: 'ns' }), /certificate/)
  t.equal(seen.length, 2, 'and whoever has another CA gets no token')
})

t.test('an address of IPv6 is written as a URL has it', (t) => {
  const folder = t.testdir({ 'ca.crt': '' })
  const { getCurrentCluster } = inClusterConfig({ KUBERNETES_SERVICE_HOST: 'fd00::1' }, folder)
  t.strictSame(getCurrentCluster(), { server: 'https://[fd00::1]:443' })
  t.end()
})

t.test('outside of a pod it says so', (t) => {
  t.throws(() => inClusterConfig({}), /no connection to Kubernetes/)
  t.end()
})
