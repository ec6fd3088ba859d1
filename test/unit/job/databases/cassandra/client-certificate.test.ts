import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { RequestOf } from '../../../../../operation/request.ts'
import { scene } from './stage.ts'

// Management APIs that want a client's certificate (cass-operator, managementApiAuth.manual), with real TLS.

const folder = t.testdir({})

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
}

/** @returns the PEM of an authority's certificate */
function authority(name: string): string {
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.crt`,
    '-subj',
    `/CN=${name}`,
    '-days',
    '9',
  )
  return readFileSync(join(folder, `${name}.crt`), 'utf8')
}

/** A pair that an authority has signed, for some days from now; it has ended where these are negative. */
function pair(name: string, by: string, days: string, names = '') {
  openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
  const signed = ['-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', days]
  const alternatives = join(folder, `${name}.ext`)
  execFileSync('sh', ['-c', `printf '%s' "$1" > "$2"`, 'sh', names, alternatives])
  openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.crt`, '-extfile', alternatives)
  const read = (end: string) => readFileSync(join(folder, `${name}.${end}`), 'utf8')
  return { cert: read('crt'), key: read('key') }
}

const ca = authority('ca')
const other = authority('other')
const server = pair('server', 'ca', '9', 'subjectAltName=DNS:mgmt.cassandra')
const client = pair('client', 'ca', '9')
const expired = pair('expired', 'ca', '-1')
const stranger = pair('stranger', 'other', '9')

const secretOf = ({ cert, key }: typeof client, by = ca) => ({ 'ca.crt': by, 'tls.crt': cert, 'tls.key': key })

/** A ring whose APIs want a certificate, and a Secret; no command may be run in any pod unless that is allowed. */
async function guarded(t: Test, secret: Record<string, string> | undefined, { flag = 'mgmt', its = server } = {}) {
  const s = await scene(t, { door: 'the management API', identity: { ca, ...its } })
  s.ring.api = 'tls'
  if (secret !== undefined) s.ring.secrets.set('mgmt', secret)
  s.backup.target.databases = { own: { 'cassandra-client-secret': flag } }
  return s
}

t.test(
  'a backup, its restore and its removal by a client’s certificate; the Secret is named, and never kept',
  async (t) => {
    for (const flag of ['mgmt', 'mgmt:mgmt.cassandra']) {
      const s = await guarded(t, secretOf(client), { flag })
      t.equal(await s.run().ended, 0)
      t.equal(s.left().length, 3)
      const [entry] = s.record()?.backup?.databases ?? []
      t.equal(entry?.details['clientSecret'], flag)
      const restore: RequestOf<'restore'> = {
        ...s.shared,
        readyMs: 1000,
        kind: 'restore',
        operation: 'restore-a',
        backup: 'backup-a',
        dropPrevious: false,
        parallel: 1,
      }
      t.equal(await s.run(restore).ended, 7)
      for (const node of s.ring.nodes) node.generation += 100
      const { pause: _, ...unpaused } = restore
      const resume = { ...unpaused, kind: 'resume', operation: 'resume-a', restore: 'restore-a' }
      t.equal(await s.run(resume as never as RequestOf<'resume'>).ended, 0)
      const request = { ...s.shared, pause: undefined, kind: 'delete', operation: 'delete-a', backup: 'backup-a' }
      t.equal(await s.run(request as never as RequestOf<'delete'>).ended, 0)
      t.strictSame(s.left(), [])
      const kept = JSON.stringify([...s.cluster.recordsByName.values(), ...s.cluster.journals.values()])
      for (const line of client.key.split('\n').slice(1, -2)) t.notOk(kept.includes(line))
    }
  },
)

type Refused = [what: string, Parameters<typeof guarded>[1], Parameters<typeof guarded>[2], why: RegExp, next: RegExp]

const refused: Refused[] = [
  ['expired', secretOf(expired), {}, /tls\.crt ended at 20/, /renew that Secret/],
  [
    'of another CA',
    secretOf(stranger),
    {},
    /does not accept the client's certificate of Secret \w+\/mgmt/,
    /compare Secret/,
  ],
  [
    'for a server of another CA',
    secretOf(client, other),
    {},
    /is not signed by the ca\.crt of Secret/,
    /compare Secret/,
  ],
  [
    'for a server of another name',
    secretOf(client),
    { flag: 'mgmt:elsewhere.cassandra' },
    /is not for the server name/,
    /correct --cassandra-client-secret/,
  ],
  [
    'for a server that has expired itself',
    secretOf(client),
    { its: expired },
    /its own certificate has expired/,
    /compare Secret/,
  ],
  ['without its key', { ...secretOf(client), 'tls.key': '' }, {}, /it has no key tls\.key/, /renew/],
  ['with the key of another', { ...secretOf(client), 'tls.key': server.key }, {}, /not the key of tls\.crt/, /renew/],
  ['that nobody can read', { ...secretOf(client), 'tls.crt': 'x' }, {}, /cannot be read/, /renew/],
  ['in no Secret', undefined, {}, /404/, /where it is there/],
  ['in a Secret of no name', secretOf(client), { flag: 'Mgmt/x' }, /neither the name of a Secret/, /./],
]

for (const [what, secret, how, why, next] of refused)
  t.test(`a certificate ${what}: refused before the pause, also where nodetool may be run`, async (t) => {
    for (const mayExec of [false, true]) {
      const s = await guarded(t, secret, how)
      if (mayExec) s.ring.missing.length = 0
      t.ok([1, 2].includes(await s.run().ended))
      t.notOk(s.wasPaused())
      t.match(s.record()?.failure, { why, next })
      t.strictSame(s.ring.calls, [])
    }
  })

t.test('a Secret that may not be read: refused, with the command that allows it', async (t) => {
  const s = await guarded(t, secretOf(client))
  s.ring.missing.push('get secrets/mgmt')
  t.equal(await s.run().ended, 1)
  t.match(s.record()?.failure, { why: /403/, next: /install --cassandra-namespace \w+ --cassandra-client-secret mgmt/ })
  t.notOk(s.wasPaused())
})

t.test('an API without TLS that is given a certificate: said, and not gone on with', async (t) => {
  const s = await guarded(t, secretOf(client))
  s.ring.api = 'plain'
  t.equal(await s.run().ended, 1)
  t.match(s.record()?.failure, { why: /it does not speak TLS/ })
})
