import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CertificateAuthority } from '../../local-kubernetes/certificates.ts'

const subject = { commonName: 'system:node:a', organization: 'system:nodes', names: ['DNS:a', 'IP:10.0.0.1'] }

t.test('a certificate names its subject and is signed by the authority', async (t) => {
  const authority = new CertificateAuthority(join(t.testdir(), 'certificates'))
  await authority.make()
  const pair = await authority.issue('a', subject)
  const certificate = new X509Certificate(readFileSync(pair.certificate))
  const issuer = new X509Certificate(readFileSync(authority.certificate))
  t.ok(certificate.verify(issuer.publicKey))
  t.equal(certificate.subject, 'O=system:nodes\nCN=system:node:a')
  t.equal(certificate.subjectAltName, 'DNS:a, IP Address:10.0.0.1')
  t.match(readFileSync(authority.tokenKey, 'utf8'), /BEGIN EC PRIVATE KEY/)
})

t.test('two that ask for the same pair at once get one whose key fits', async (t) => {
  const authority = new CertificateAuthority(join(t.testdir(), 'certificates'))
  await authority.make()
  const asked = [authority.issue('a', subject), authority.issue('a', subject)]
  const pair = await Promise.race(asked)
  const certificate = new X509Certificate(readFileSync(pair.certificate))
  t.ok(certificate.checkPrivateKey(createPrivateKey(readFileSync(pair.key))))
  await Promise.all(asked)
  t.equal(
    new X509Certificate(readFileSync(pair.certificate)).serialNumber,
    certificate.serialNumber,
    'it is not replaced under whoever has it',
  )
})
