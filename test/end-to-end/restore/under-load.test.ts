import { setTimeout as sleep } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import t from 'tap'
import { instanceLabel } from '../../../operation/product.ts'
import { ServiceClient } from '../../unit/stand-ins/ledger/clients.ts'
import { until } from '../stage/gates.ts'
import { openLedgerStage } from '../stage/ledger-stage.ts'
import { forwarded } from '../stage/port-forward.ts'
import { recordOf } from '../stage/records.ts'
import { psql, replicasOf } from '../stage/restore-stage.ts'

// As the products are by themselves: a server answers on for 30 s once it was told to end.
const at = await openLedgerStage('cut-load', { more: { decommissioningS: 'default' } })
const { stage, deployment } = at
t.teardown(() => stage.close())
await stage.succeeds(['backup', 'my', '--to', 'pvc://backups/ledger', '--name', 'point'])

const restore = (...flags: string[]) =>
  stage.scalardl(['restore', 'point', '--database-secret', 'database-admin', '--yes', ...flags])

/** What a server answers; the time is its own, of before its Pause is answered: an answer may be longer on its way. */
interface Acknowledged {
  transaction: string
  acknowledgedMs: number
}

/** Writes to one pod until told to stop; a Ledger's client tries again whatever it is answered. */
async function writer(pod: string) {
  const { port, close } = await forwarded(stage, `pod/${pod}`, 50051)
  const client = new ServiceClient('rpc.Ledger', `127.0.0.1:${port}`)
  const acknowledged: Acknowledged[] = []
  const stopping = new AbortController()
  const writing = (async () => {
    while (!stopping.signal.aborted) {
      const { code, value } = await client.call('ExecuteContract', {}, 120_000)
      const result = value?.['contract_result']
      if (code === status.OK && typeof result === 'string') acknowledged.push(JSON.parse(result) as Acknowledged)
      await sleep(20)
    }
  })()
  return {
    acknowledged,
    async stop() {
      stopping.abort()
      await writing
      client.close()
      close()
    },
  }
}

const writers = async () => Promise.all((await stage.pods(`${instanceLabel}=my`)).map(writer))
const committed = async () => new Set(await psql(stage, 'SELECT tx_id FROM coordinator.state', 'ledger_a'))

t.test('nothing that is acknowledged once the stop has begun is lost', async (t) => {
  const before = await writers()
  const run = await restore('--name', 'busy')
  t.equal(run.code, 0, run.stderr)
  const { restore: restored, stillPaused, windows } = await recordOf(stage, 'restore-busy')
  t.strictSame([stillPaused, windows], [[], []])
  const stoppedMs = Date.parse(restored?.stoppedAt ?? '')
  t.ok(stoppedMs > 0, 'it says since when no request got in')
  const after = await writers()
  await until('every new pod acknowledges', async () => after.every(({ acknowledged }) => acknowledged.length > 0))
  await sleep(1000)
  await Promise.all([...before, ...after].map((one) => one.stop()))

  const old = before.flatMap(({ acknowledged }) => acknowledged)
  t.ok(old.length > 10, `${old.length} transactions were acknowledged before`)
  t.ok(
    after.every(({ acknowledged }) => acknowledged.length > 0),
    'and every new pod acknowledges again',
  )
  t.strictSame(
    old.filter(({ acknowledgedMs }) => acknowledgedMs > stoppedMs),
    [],
    'nothing is acknowledged from the stop on until the release serves again',
  )
  const inData = await committed()
  const lost = after.flatMap(({ acknowledged }) => acknowledged).filter(({ transaction }) => !inData.has(transaction))
  t.strictSame(lost, [])
  t.strictSame((await stage.check(deployment)).details['transfersChecking'] === 0, false)
  t.match(run.stdout + run.stderr, /Outage: 30 s and a little/)
})

t.test(
  'somebody who starts the release during the stop: the former data serves, and the error names them',
  async (t) => {
    const running = restore('--name', 'disturbed')
    await until('the release is scaled to 0', async () => (await replicasOf(at)) === 0)
    await stage.kubectl(['scale', deployment, '--replicas=2'])
    const run = await running
    t.equal(run.code, 1, run.stderr)
    t.match(run.stderr, /did not stay stopped/)
    t.match(run.stderr, /was scaled to 2 by kubectl/)
    t.match(run.stderr.trimEnd().split('\n').at(-1), /^In service for my: the data of before restore-disturbed/)
    t.match(await recordOf(stage, 'restore-disturbed'), {
      state: 'failed',
      stillPaused: { length: 0 },
      restore: { serving: 'previous' },
    })
    t.equal(await replicasOf(at), 3)
    const serving = await writers()
    await until('all of them serve', async () => serving.every(({ acknowledged }) => acknowledged.length > 0))
    await Promise.all(serving.map((one) => one.stop()))
    t.equal(serving.length, 3)
  },
)
