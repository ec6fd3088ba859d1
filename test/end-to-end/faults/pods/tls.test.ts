import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { signalPod } from '../../../local-kubernetes/machines/pod-processes.ts'
import { makeCertificates } from '../../../stand-ins/ledger/release/certificates.ts'
import { charts } from '../../../stand-ins/ledger/release/chart.ts'
import { standInProduct } from '../../../stand-ins/ledger/product.ts'
import { twoDatabases } from '../../../stand-ins/ledger/release/release-properties.ts'
import { secret } from '../../stage/ledger-stage.ts'
import { Matrix, unusable, usable } from '../fault-case.ts'
import { FaultStage } from '../fault-stage.ts'

/** Servers that speak TLS, to the worker and to its guard alike. */
const authority = 'ledger.example.com'
const { ca, certificate, key } = await makeCertificates([authority])
const folder = await mkdtemp(join(tmpdir(), 'faults-tls-'))
t.teardown(() => rm(folder, { recursive: true }))
const caFile = join(folder, 'ca.crt')
await writeFile(caFile, ca)

const { tls } = standInProduct('ledger')
const mounted = (name: string) => `${charts.ledger.tlsFolder}/${name}`
const plain = twoDatabases('database:5432', ['ledger_a', 'ledger_b'], {
  username: 'HELM_SCALAR_DB_USERNAME',
  password: 'LEDGER_PASSWORD',
})
const secured = [`${tls.enabled}=true`, `${tls.certificate}=${mounted('tls.crt')}`, `${tls.key}=${mounted('tls.key')}`]
const at = await FaultStage.open('faults-tls', {
  objects: [secret('certificates', { 'ca.crt': ca, 'tls.crt': certificate, 'tls.key': key })],
  releases: [{ more: { tls: { secretName: 'certificates' }, properties: `${plain}${secured.join('\n')}\n` } }],
  adminFlags: ['--tls-ca-file', caFile, '--tls-authority', authority],
})
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

matrix.case('worker-killed', 'worker killed in its pause over TLS', unusable(/worker was replaced/), async (one) => {
  await one.slowPause()
  await one.begin('backup')
  const worker = await one.worker()
  await one.allPaused()
  await one.fault(() => signalPod(worker.uid, 'SIGKILL'))
})

matrix.case('guard-killed', 'guard killed in a pause over TLS', usable, async (one) => {
  await one.slowPause(4000)
  await one.begin('backup')
  const guard = await one.guard()
  await one.allPaused()
  await one.fault(() => signalPod(guard.uid, 'SIGKILL'))
})

matrix.case(
  'ledger-killed',
  'a Ledger pod killed in a pause over TLS',
  unusable(/restarted|could not say/),
  async (one) => {
    await one.begin('pause', '--duration', '6s')
    await one.allPaused()
    await one.fault(() => signalPod(one.pods[1]?.uid ?? '', 'SIGKILL'))
  },
)

matrix.restores()
