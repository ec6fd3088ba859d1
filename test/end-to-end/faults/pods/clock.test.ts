import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Job } from '@kubernetes/client-node'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { processesOf, signalPod } from '../../../local-kubernetes/machines/pod-processes.ts'
import { fakedClockLibrary } from '../faked-clock.ts'
import { Matrix, unusable, usable, type Case } from '../fault-case.ts'
import { FaultStage, type FoundPod } from '../fault-stage.ts'

/**
 * The worker's clock is set while it works. All nodes share one clock, so libfaketime stands between the C library and
 * each process of the worker's container: Node, OpenSSL and pg_dump all see the time that was set.
 */
const at = await FaultStage.open('faults-clock')
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

const volume = 'faked-clock'
await at.stage.kubectl(['create', 'configmap', volume, `--from-file=libfaketime.so=${await fakedClockLibrary()}`])

/** A file in the worker: how far its clock is set, s, with its sign. Where there is none it is right. */
const file = '/tmp/clock'
const environment = {
  LD_PRELOAD: '/faked-clock/libfaketime.so',
  FAKETIME_TIMESTAMP_FILE: file,
  FAKETIME_NO_CACHE: '1',
  // A clock that is set leaves the monotonic one, and the times of files, as they are.
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  NO_FAKE_STAT: '1',
  FAKETIME_DISABLE_SHM: '1',
}

/** The flags that give a worker this clock: its pod as the plugin would make it, and the library. */
async function withSettableClock(one: Case, kind: 'backup' | 'pause', flags: readonly string[]): Promise<string[]> {
  const dry = await at.stage.scalardl([...one.command(kind), ...flags, '--dry-run=client', '-o', 'yaml'])
  const objects = parseAllDocuments(dry.stdout).map((document) => document.toJS() as V1Job)
  const job = objects.find((item) => item.kind === 'Job' && item.metadata?.name?.startsWith('scalardl-'))
  const pod = job?.spec?.template.spec
  const variables = Object.entries(environment).map(([name, value]) => ({ name, value }))
  const containers = (pod?.containers ?? []).map((container) => ({
    ...container,
    env: [...(container.env ?? []), ...variables],
    volumeMounts: [...(container.volumeMounts ?? []), { name: volume, mountPath: '/faked-clock', readOnly: true }],
  }))
  const volumes = [...(pod?.volumes ?? []), { name: volume, configMap: { name: volume } }]
  return [...flags, '--patch', JSON.stringify({ spec: { template: { spec: { containers, volumes } } } })]
}

for (const { name, title, seconds, word } of [
  { name: 'ahead', title: 'an hour ahead', seconds: 3600, word: 'forward' },
  // further back than a Lease lasts, and not to before the cluster's certificates were made
  { name: 'back', title: 'half a minute back', seconds: -30, word: 'back' },
]) {
  matrix.case(
    `${name}-paused`,
    `the worker's clock set ${title} in its pause`,
    unusable(new RegExp(`the clock of the worker's node was set ${word} by`)),
    async (one) => {
      await one.begin('pause', ...(await withSettableClock(one, 'pause', ['--duration', '6s'])))
      const worker = await one.worker()
      await one.allPaused()
      await one.fault(() => setClock(worker, seconds))
      await one.allServe()
      await sleep(1000)
    },
  )
}

matrix.case('ahead-before', "the worker's clock set an hour ahead before its pause", usable, async (one) => {
  const seconds = 3600
  await one.slowPreflight()
  await one.begin('backup', ...(await withSettableClock(one, 'backup', [])))
  const worker = await one.haltedInPreflight()
  one.workerAheadMs = seconds * 1000
  await one.fault(() => setClock(worker, seconds))
  signalPod(worker.uid, 'SIGCONT')
})

matrix.restores()

/** From outside of the container, so that it comes at once. */
function setClock({ uid }: FoundPod, seconds: number): void {
  const [pid] = processesOf(uid)
  writeFileSync(`/proc/${pid}/root${file}`, `${seconds > 0 ? '+' : ''}${seconds}`)
}
