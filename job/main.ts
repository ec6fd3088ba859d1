import { readFile } from 'node:fs/promises'
import { ExitCode } from '../operation/exit-code.ts'
import { Failure, messageOf } from '../operation/failure.ts'
import { mounts, parseRequest, requestHashVariable } from '../operation/request.ts'
import { endOnUncaught } from './worker/end-on-uncaught.ts'
import { mountedSigning } from './context/signing.ts'
import { mountedKey } from './guard/protocol/operation-key.ts'
import { jsonLineEvents } from './process/events.ts'
import { Interrupted } from './process/interrupted.ts'
import { connectApi, inClusterConfig } from './kubernetes/api.ts'
import { kubernetesPods } from './kubernetes/elsewhere/kubernetes-pods.ts'
import { kubernetesSecrets } from './kubernetes/secrets/kubernetes-secrets.ts'
import { kubernetesCluster } from './kubernetes/kubernetes-cluster.ts'
import { Unanswered } from './kubernetes/ask.ts'
import { unrecordedExitCode, work } from './worker/worker.ts'

const events = jsonLineEvents((line) => process.stdout.write(line))
const stop = new AbortController()

// Each time: a second one must not end the process in the middle of unpausing.
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort(new Interrupted(name)))
// What the log cannot take is no reason to end.
process.stdout.on('error', () => undefined)
endOnUncaught(stop)

async function main(): Promise<number> {
  try {
    const request = parseRequest(await readFile(mounts.request, 'utf8'), process.env[requestHashVariable])
    const connection = inClusterConfig()
    const api = connectApi(connection, request.operation)
    const cluster = kubernetesCluster(api, request.namespace)
    const podsIn = (namespace = request.namespace) => kubernetesPods(api, connection, namespace)
    const secrets = kubernetesSecrets(api, request.namespace)
    const key = await mountedKey(request.operation)
    const signing = await mountedSigning()
    return await work(request, { cluster, podsIn, secrets, events, key, signing, signal: stop.signal })
  } catch (error) {
    const text: Record<string, unknown> =
      error instanceof Failure
        ? { ...error.text }
        : {
            what: 'the worker failed',
            why: messageOf(error),
            next: 'this was not foreseen; run it again with -v, and report it with the log if it comes again',
          }
    events.say('failed', `${String(text['what'])}: ${String(text['why'])}`, { level: 'error', data: text })
    if (error instanceof Unanswered) return unrecordedExitCode
    return error instanceof Failure ? error.exitCode : ExitCode.failed
  }
}

// No top-level await: the bundle may be CommonJS.
void main().then((code) => process.exit(code))
