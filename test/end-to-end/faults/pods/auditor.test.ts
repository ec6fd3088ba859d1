import t from 'tap'
import { signalPod } from '../../../local-kubernetes/machines/pod-processes.ts'
import { singleStorage } from '../../../stand-ins/ledger/release/release-properties.ts'
import { passwords, type LedgerStageOptions } from '../../stage/ledger-stage.ts'
import { Matrix, unusable, usable, type Case } from '../fault-case.ts'
import { FaultStage, type FoundPod } from '../fault-stage.ts'

/** A Ledger and its Auditor, each with a database of its own, in one pause. */
function oneOfTwo(product: 'ledger' | 'auditor', database: string): LedgerStageOptions {
  return {
    release: product,
    replicas: 2,
    more: {
      product,
      properties: singleStorage(
        { server: 'database:5432', database },
        { username: 'DATABASE_USER', password: 'DATABASE_PASSWORD' },
      ),
      secret: {
        name: `${product}-user`,
        values: { DATABASE_USER: 'scalar', DATABASE_PASSWORD: passwords.scalar },
      },
    },
  }
}

const at = await FaultStage.open('faults-auditor', {
  releases: [oneOfTwo('ledger', 'ledger_a'), oneOfTwo('auditor', 'ledger_b')],
})
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

/** @throws Error where the release has no pod */
function podOf(one: Case, release: string): FoundPod {
  const pod = one.pods.find((each) => each.release === release)
  if (pod === undefined) throw new Error(`${release} has no pod`)
  return pod
}

matrix.case(
  'auditor-killed',
  "an Auditor's pod killed in the pause of both",
  unusable(/restarted|could not say/),
  async (one) => {
    await one.begin('pause', '--duration', '6s')
    await one.allPaused()
    await one.fault(() => signalPod(podOf(one, 'auditor').uid, 'SIGKILL'))
  },
)

matrix.case(
  'auditor-opened',
  "somebody else unpauses an Auditor's pod in the pause of both",
  unusable(/unpaused by somebody else/),
  async (one) => {
    await at.setFaults(podOf(one, 'auditor'), { openAfterMs: 1000 })
    await one.begin('pause', '--duration', '3s')
    await one.fault(() => one.allPaused())
  },
)

matrix.case('worker-killed', 'worker killed in the pause of both', unusable(/worker was replaced/), async (one) => {
  await at.setFaults(podOf(one, 'auditor'), { delayMs: { Pause: 8000 } })
  await one.begin('backup')
  const worker = await one.worker()
  await one.allPaused()
  await one.fault(() => signalPod(worker.uid, 'SIGKILL'))
})

matrix.case('guard-killed', 'guard killed in the pause of both', usable, async (one) => {
  await at.setFaults(podOf(one, 'auditor'), { delayMs: { Pause: 4000 } })
  await one.begin('backup')
  const guard = await one.guard()
  await one.allPaused()
  await one.fault(() => signalPod(guard.uid, 'SIGKILL'))
})

matrix.restores()
