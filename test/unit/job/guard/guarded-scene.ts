// Room: the guard and the worker's end of it, mostly as processes that are killed.
// Read guarded-scene, guard-process and worker-process, pausing-process, raw-link.

import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { jsonLineEvents } from '../../../../job/process/events.ts'
import { guard } from '../../../../job/guard/process/guard.ts'
import { guardLink } from '../../../../job/guard/in-worker/open-guard-link.ts'
import { Interrupted } from '../../../../job/process/interrupted.ts'
import type { OperationKey } from '../../../../job/guard/protocol/operation-key.ts'
import type { OperationPod } from '../../../../job/kubernetes/cluster.ts'
import { freePort } from '../../../stand-ins/free-port.ts'
import { inMemoryCluster, type InMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, firstRecord, pauseRequest, type PauseRequest, type TestContext } from '../pausing-context.ts'
import { startLedgers, type Ledger } from '../servers/ledgers.ts'
import { guardPod, key, workerPod } from './two-pods.ts'

export const guarded = { drainMs: 1000, maxPauseMs: 20_000, guard: true }

export interface RunningGuard {
  /** its exit code */
  ended: Promise<number>
  /** SIGTERM */
  stop(): void
}

export interface GuardedScene {
  ledgers: Ledger[]
  cluster: InMemoryCluster
  request: PauseRequest
  port: number
  startGuard(pod?: OperationPod, mounted?: { key: OperationKey | undefined }): RunningGuard
}

/** Servers, a cluster that knows the operation's pods, and a free port for worker and guard. */
export async function scene(
  t: Test,
  {
    count = 3,
    version = '4',
    changes = {},
  }: { count?: number; version?: '2' | '4'; changes?: Partial<PauseRequest> } = {},
): Promise<GuardedScene> {
  const ledgers = await startLedgers(count, { version })
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  cluster.podsOfOperation = [workerPod, guardPod]
  const whole = { ...cluster }
  const request = pauseRequest({ pause: guarded, ...changes })
  // A worker writes it before anything else, and the guard reports only in a record that is there.
  await cluster.writeRecord(firstRecord(request))
  const port = await freePort()
  const guards: RunningGuard[] = []
  t.teardown(async () => {
    for (const one of guards) one.stop()
    ledgers.forEach((ledger) => ledger.stop())
    // What is gone needs no guard, once the API server says so.
    Object.assign(cluster, whole, { pods: [] })
    await Promise.race([Promise.all(guards.map(({ ended }) => ended)), sleep(3000, undefined, { ref: false })])
  })
  return {
    ledgers,
    cluster,
    request,
    port,
    startGuard(pod = guardPod, mounted = { key }) {
      const stop = new AbortController()
      const ended = guard(request, {
        cluster,
        events: jsonLineEvents(() => undefined),
        ...mounted,
        signal: stop.signal,
        pod: pod.name,
        port,
      })
      const one = { ended, stop: () => stop.abort(new Interrupted('SIGTERM')) }
      guards.push(one)
      return one
    },
  }
}

/** A guard in a process of its own, to be killed; SIGUSR2 makes it see no more renewals of the Lease. */
export function guardProcess(t: Test, { ledgers, request, port }: GuardedScene): ChildProcess {
  const given = JSON.stringify({ pods: ledgers.map(({ pod }) => pod), request, port })
  const child = spawn(process.execPath, [fileURLToPath(new URL('guard-process.ts', import.meta.url)), given], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** A worker in this process. */
export async function workerOf(
  t: Test,
  { cluster, request, port }: GuardedScene,
  patienceMs = 60_000,
): Promise<TestContext<'pause'>> {
  const placeholder = await contextOf(request, cluster)
  const link = guardLink({
    cluster,
    events: placeholder.context.events,
    key,
    operation: request.operation,
    port,
    patienceMs,
  })
  t.teardown(() => link.close())
  return { ...placeholder, context: { ...placeholder.context, guard: link } }
}

export const open = (ledgers: readonly Ledger[]) => ledgers.map(({ gate }) => gate.isOpen)
export const allOpen = (ledgers: readonly Ledger[]) => ledgers.every(({ gate }) => gate.isOpen)
export const allClosed = (ledgers: readonly Ledger[]) => ledgers.every(({ gate }) => !gate.isOpen)
export const pauses = (ledgers: readonly Ledger[]) =>
  ledgers.flatMap(({ log }) => log.filter((line) => line.startsWith('Pause')))

/** @returns how long it took, ms. @throws Error where it did not come */
export async function until(what: string, holds: () => boolean, timeoutMs = 60_000): Promise<number> {
  const begunMs = performance.now()
  while (!holds()) {
    if (performance.now() - begunMs > timeoutMs) throw new Error(`${what}: waited ${timeoutMs} ms in vain`)
    await sleep(10)
  }
  return performance.now() - begunMs
}
