import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { jsonLineEvents } from '../../../../../job/process/events.ts'
import { work } from '../../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../../operation/event.ts'
import { mounts, type OperationRequest, type RequestOf } from '../../../../../operation/request.ts'
import { toolContainer } from '../../exec/tool-container.ts'
import { asAnotherProcess, type InMemoryCluster } from '../../in-memory-cluster.ts'
import { dyingAt, servedRelease } from '../../served-release.ts'

const oracle = [
  'scalar.db.storage=jdbc',
  'scalar.db.contact_points=jdbc:oracle:thin:scott/tiger@//db.example.com:1521/ORCL',
  'scalar.db.username=scott',
  'scalar.db.password=tiger',
]

/** A release of an Oracle Database, unless properties say another, and a tool whose script counts its runs. */
export async function scene(
  t: Test,
  script: string,
  changes: Partial<RequestOf<'backup'>> = {},
  properties: readonly string[] = oracle,
) {
  const served = await servedRelease(t, properties)
  const { cluster, folder, ledgers, replicas, shared } = served
  const counted = join(folder, 'runs')
  const exec = { image: 'tools:1', program: 'sh', phase: 'snapshot' as const, timeoutMs: 5000 }
  const backup: RequestOf<'backup'> = { ...served.backup, exec, ...changes }
  const restore = (operation = 'restore-a'): RequestOf<'restore'> => ({
    ...shared,
    kind: 'restore',
    operation,
    parallel: 1,
    backup: 'backup-a',
    dropPrevious: false,
    readyMs: 5000,
    exec: { ...exec, phase: 'restore' },
  })
  /** A pod of its own: a worker, and the container beside it. */
  const pod = (request: OperationRequest, its: InMemoryCluster = cluster, command = script, program = 'sh') => {
    const container = toolContainer(t, [program, '-c', `echo run >> ${counted}; ${command}`])
    Object.assign(mounts, { exec: container.folder })
    const events: WorkerEvent[] = []
    const stop = new AbortController()
    const ended = work(request, {
      cluster: its,
      events: jsonLineEvents((line) => events.push(JSON.parse(line) as WorkerEvent)),
      signal: stop.signal,
    }).finally(() => container.kill())
    return { container, ended, events, stop }
  }
  return {
    backup,
    cluster,
    folder,
    ledgers,
    pod,
    replicas,
    restore,
    record: (operation = 'backup-a') => cluster.recordsByName.get(operation),
    runs: () => (existsSync(counted) ? readFileSync(counted, 'utf8').trim().split('\n').length : 0),
    isServing: () => ledgers.every(({ gate }) => gate.isOpen),
  }
}

/** Ends the pod's container once the preflight of its worker has found it ready. @returns once it has gone */
export function goneAfterPreflight(
  { cluster }: Awaited<ReturnType<typeof scene>>,
  begin: (its: InMemoryCluster) => ReturnType<Awaited<ReturnType<typeof scene>>['pod']>,
) {
  const its = asAnotherProcess(cluster)
  const { writeRecord } = its
  const gone = Promise.withResolvers<void>()
  let left = 1
  its.writeRecord = async (record) => {
    if (record.findings.some(({ check }) => check === 'own tool') && left-- > 0) {
      await pod.container.kill()
      gone.resolve()
    }
    await writeRecord(record)
  }
  const pod = begin(its)
  return { ...pod, gone: gone.promise }
}

/** The write from which it matters to this tool that a worker dies: a few before its command first runs. */
export async function firstThatMatters(
  t: Test,
  s: Awaited<ReturnType<typeof scene>>,
  request: OperationRequest,
): Promise<number> {
  const written = { count: 0 }
  const before = s.runs()
  const { ended } = s.pod(request, dyingAt(s.cluster, Infinity, written))
  while (s.runs() === before) await sleep(5)
  const first = Math.max(1, written.count - 4)
  t.equal(await ended, 0)
  return first
}
