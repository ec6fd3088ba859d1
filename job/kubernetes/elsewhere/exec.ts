import { Writable } from 'node:stream'
import type { V1Status } from '@kubernetes/client-node'
import { Exec } from '@kubernetes/client-node/dist/exec.js'
import type { Connection } from '../../../kubernetes/api-request.ts'
import { formatDuration } from '../../../operation/duration.ts'
import { Failure, messageOf } from '../../../operation/failure.ts'
import type { CommandLimits, CommandResult } from './pods-elsewhere.ts'

/** What is kept of an output, bytes: a list of snapshots of some thousand tables has less. */
const mostBytes = 16 * 1024 * 1024

class Kept extends Writable {
  readonly #chunks: Buffer[] = []
  #bytes = 0

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#bytes += chunk.length
    if (this.#bytes <= mostBytes) this.#chunks.push(chunk)
    done()
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }
}

/**
 * Runs a command in a container over a WebSocket (Kubernetes API: `pods/exec`). Its exit code comes in the last
 * message, as the cause `ExitCode` of a Status; a connection that breaks off before has none.
 * @throws Failure where it did not begin, or where nobody knows how it ended; the signal's reason
 */
export async function execInPod(
  connection: Connection,
  { namespace, pod, container }: { namespace: string; pod: string; container: string },
  command: readonly string[],
  { timeoutMs, signal }: CommandLimits,
): Promise<CommandResult> {
  signal.throwIfAborted()
  const [stdout, stderr] = [new Kept(), new Kept()]
  const { promise, resolve, reject } = Promise.withResolvers<V1Status>()
  const subject = `${command[0]} in pod ${pod}`
  const late = setTimeout(
    () => reject(unknownEnd(subject, `it did not end within ${formatDuration(timeoutMs)}`)),
    timeoutMs,
  )
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop)
  // client-node asks a KubeConfig for the two things that a Connection has.
  const exec = new Exec(connection as unknown as ConstructorParameters<typeof Exec>[0])
  const opening = exec.exec(namespace, pod, container, [...command], stdout, stderr, null, false, resolve)
  const open = async () => {
    const socket = await opening.catch((error: unknown) => reject(notBegun(subject, namespace, error)))
    socket?.addEventListener('close', () => reject(unknownEnd(subject, 'the connection to it broke off')))
    return socket
  }
  const opened = open()
  try {
    const exitCode = exitCodeOf(await promise)
    return { exitCode, stdout: stdout.text, stderr: stderr.text }
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', stop)
    void opened.then((socket) => socket?.close())
  }
}

/** 0 for Success; the command's own; 126 where the container has no such program, as a shell says. */
function exitCodeOf({ status, details, message }: V1Status): number {
  if (status === 'Success') return 0
  const code = Number(details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message)
  if (Number.isInteger(code)) return code
  throw unknownEnd('the command', message ?? 'Kubernetes does not say how it ended')
}

function unknownEnd(subject: string, why: string): Failure {
  return new Failure({
    what: `${subject} has no known end`,
    why,
    next: 'see how its pod does: kubectl get pods',
  })
}

function notBegun(subject: string, namespace: string, error: unknown): Failure {
  const why = messageOf(error instanceof Error || error === undefined ? error : (error as { error?: unknown }).error)
  return new Failure(
    {
      what: `${subject} could not be started`,
      why: /\b403\b/.test(why) ? `the worker may not exec in pods of namespace ${namespace}` : why,
      next: `see whether the pod runs, and that the Role in namespace ${namespace} allows get and create of pods/exec`,
    },
    { cause: error },
  )
}
