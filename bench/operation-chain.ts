import { parseEvent, type WorkerEvent } from '../operation/event.ts'
import { jobName } from '../operation/names.ts'
import { recordOf } from '../test/end-to-end/stage/records.ts'
import type { Stage } from '../test/end-to-end/stage/stage.ts'
import { msBetween, type Parts } from './figures/phases.ts'

/**
 * A Job of one container that prints the time, from the command that makes it until Kubernetes calls it complete; ms
 * from Enter. The clock in its line is the node's.
 */
export async function bareJob(stage: Stage, name: string): Promise<Parts> {
  const container = { name: 'bare', image: stage.images.postgresql, command: ['date', '+%s%3N'] }
  const spec = { template: { spec: { restartPolicy: 'Never', containers: [container] } } }
  const enterMs = Date.now()
  await stage.kubectl(
    ['create', '-f', '-'],
    JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec }),
  )
  const requestedMs = Date.now()
  await stage.kubectl(['wait', '--for=condition=complete', `job/${name}`, '--timeout=120s'])
  const backMs = Date.now()
  const printedMs = Number(await stage.kubectl(['logs', `job/${name}`]))
  await stage.kubectl(['delete', 'job', name, '--wait=true'])
  return { 'Job made': requestedMs - enterMs, 'its line': printedMs - enterMs, 'Job complete': backMs - enterMs }
}

/** A pause of one second by the plugin, from Enter to the prompt: when each step was reached, ms from Enter. */
export async function pauseOnce(stage: Stage, name: string): Promise<Parts> {
  const enterMs = Date.now()
  const run = await stage.scalardl(['pause', 'my', '--duration', '1s', '--name', name])
  if (run.code !== 0) throw new Error(`the pause ended with exit code ${run.code}: ${run.stderr}`)
  const operation = `pause-${name}`
  const record = await recordOf(stage, operation)
  const [window] = record.windows
  if (window?.verdict !== 'valid') throw new Error(`the pause was not valid: ${window?.reasons.join('; ')}`)
  const events = (await stage.kubectl(['logs', `job/${jobName(operation)}`]))
    .split('\n')
    .flatMap((line) => parseEvent(line) ?? [])
  const started = eventOf(events, 'started')
  const upMs = Number(started.data?.['upMs'])
  const at = (time: number | string | undefined) => msBetween(enterMs, time)
  return {
    request: at(record.createdAt),
    "worker's process": at(started.time) - upMs,
    'worker started': at(started.time),
    'guard stands by': at(eventOf(events, 'guard').time),
    'first Pause': at(window.pauseSentAt),
    'all paused': at(window.allPausedAt),
    'first Unpause': at(window.unpauseSentAt),
    'all unpaused': at(window.allUnpausedAt),
    'record finished': at(record.finishedAt),
    'command back': run.ms,
  }
}

/** @throws Error where the log has none */
function eventOf(events: readonly WorkerEvent[], code: WorkerEvent['code']): WorkerEvent {
  const found = events.find((event) => event.code === code)
  if (found === undefined) throw new Error(`the worker's log has no event "${code}"`)
  return found
}
