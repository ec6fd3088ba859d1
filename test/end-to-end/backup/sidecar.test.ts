import type { V1Job } from '@kubernetes/client-node'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { jobName, labels } from '../../../operation/names.ts'
import { pausedPods } from '../stage/gates.ts'
import { openLedgerStage } from '../stage/ledger-stage.ts'
import { recordOf } from '../stage/records.ts'

const { stage } = await openLedgerStage('cut-sidecar')
t.teardown(() => stage.close())

/** The patch that puts a container beside the worker which never ends, as an injector of classic sidecars does. */
async function withSidecar(command: readonly string[]): Promise<string> {
  const shown = await stage.scalardl([...command, '--dry-run=client', '-o', 'yaml'])
  const objects = parseAllDocuments(shown.stdout).map((document): V1Job => document.toJS())
  const job = objects.find(({ metadata }) => metadata?.labels?.[labels.role] === 'worker')
  const [worker] = job?.spec?.template.spec?.containers ?? []
  t.ok(worker, 'the worker is in what a dry run shows')
  const sidecar = {
    name: 'injected-proxy',
    image: worker?.image,
    command: ['node', '-e', 'setInterval(() => {}, 1000)'],
    securityContext: worker?.securityContext,
  }
  return JSON.stringify({ spec: { template: { spec: { containers: [sidecar, worker] } } } })
}

t.test('an operation beside a sidecar that never ends is over when its worker is', async (t) => {
  const command = ['pause', 'my', '--duration', '2s', '--name', 'beside']
  const run = await stage.scalardl([...command, '--patch', await withSidecar(command)])
  t.equal(run.code, 0, run.stderr)
  t.match(run.stderr, /injected-proxy runs on in it; remove it with `kubectl delete job scalardl-pause-beside -n /)
  t.match((await recordOf(stage, 'pause-beside')).windows, [{ verdict: 'valid' }])
  t.strictSame(await pausedPods(stage), [])

  const phase = ['get', 'pods', '-l', `job-name=${jobName('pause-beside')}`, '-o', 'jsonpath={.items[*].status.phase}']
  t.equal(await stage.kubectl(phase), 'Running', 'the sidecar keeps the pod')
  for (const verb of ['logs', 'wait']) {
    const again = await stage.scalardl([verb, 'pause-beside'])
    t.equal(again.code, 0, `${verb}: ${again.stderr}`)
  }
  const uninstall = await stage.scalardl(['uninstall'])
  t.equal(uninstall.code, 0, uninstall.stderr)
})
