import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { ExitCode } from '../operation/exit-code.ts'
import { messageOf } from '../operation/failure.ts'
import { guardPort } from '../operation/names.ts'
import { mounts, parseRequest, pauseRequestOf, requestHashVariable } from '../operation/request.ts'
import { jsonLineEvents } from './process/events.ts'
import { mountedKey } from './guard/protocol/operation-key.ts'
import { guard } from './guard/process/guard.ts'
import { Interrupted } from './process/interrupted.ts'
import { toldOnReleases } from './process/told-on-releases.ts'
import { connectApi, inClusterConfig } from './kubernetes/api.ts'
import { kubernetesCluster } from './kubernetes/kubernetes-cluster.ts'

const events = jsonLineEvents((line) => process.stdout.write(line))
const stop = new AbortController()

// Each time: a second one must not end the process in the middle of unpausing.
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort(new Interrupted(name)))
// What the log cannot take is no reason to end.
process.stdout.on('error', () => undefined)
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  // What a guard holds matters more than what went wrong beside it.
  process.on(event, (error: unknown) =>
    events.say('note', 'unexpected error', {
      level: 'error',
      data: { stack: error instanceof Error ? error.stack : String(error) },
    }),
  )
}

async function main(): Promise<number> {
  try {
    const request = parseRequest(await readFile(mounts.request, 'utf8'), process.env[requestHashVariable])
    const pausing = pauseRequestOf(request)
    if (pausing === undefined) throw new Error(`this ${request.kind} pauses nothing and needs no guard`)
    const cluster = kubernetesCluster(connectApi(inClusterConfig(), request.operation), request.namespace)
    const key = await mountedKey(pausing.operation)
    const releases = pausing.target.releases.map(({ name }) => name)
    const told = toldOnReleases(events, { ...request, releases }, (event) => cluster.tellOnReleases(event))
    const surroundings = { cluster, events: told, key, signal: stop.signal, pod: hostname(), port: guardPort }
    return await guard(pausing, surroundings).finally(() => told.settled())
  } catch (error) {
    events.say('failed', messageOf(error), { level: 'error' })
    return ExitCode.failed
  }
}

// No top-level await: the bundle may be CommonJS.
void main().then((code) => process.exit(code))
