import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { request as tlsRequest } from 'node:https'
import * as z from 'zod'
import { formatDuration } from '../../../operation/duration.ts'
import { Failure, messageOf } from '../../../operation/failure.ts'
import { printable } from '../../../operation/text/printable.ts'
import type { CommandLimits, PodElsewhere } from '../../kubernetes/elsewhere/pods-elsewhere.ts'
import { tlsTrouble, type ClientIdentity } from './client-identity.ts'
import { askLimits, ToolFailed, type ListedSnapshot, type NodeControl, type NodeStatus } from './node-control.ts'

/** What cass-operator calls the port of the management API (cass-operator, api/v1beta1 GetContainerPorts). */
const portName = 'mgmt-api-http'
/** For the question whether it is there, ms: it runs beside Cassandra, and answers whatever that does. */
const probeMs = 5000
/** What is kept of an answer, bytes: snapshots of some thousand tables have less. */
const mostBytes = 64 * 1024 * 1024

/** Where a management API listens. */
interface Place {
  pod: string
  ip: string
  port: number
  /** undefined: it is asked without TLS */
  identity: ClientIdentity | undefined
}

interface Answer {
  status: number
  body: string
}

/** Whether a pod has a management API that can be asked, and why not where it says that it has one. */
export interface FoundApi {
  api?: NodeControl | undefined
  trouble?: string | undefined
  /** what to do about that, where it is told */
  cure?: string | undefined
}

/**
 * Looks for k8ssandra's management API in a pod. One that wants a client's certificate (`managementApiAuth.manual`)
 * answers nobody else: without one such a node is asked by nodetool.
 * @throws the signal's reason
 */
export async function findManagementApi(
  pod: PodElsewhere,
  identity: ClientIdentity | undefined,
  signal: AbortSignal,
): Promise<FoundApi> {
  const port = pod.containers.flatMap(({ ports }) => ports).find(({ name }) => name === portName)?.port
  if (port === undefined || pod.ip === '') return {}
  const place = { pod: pod.name, ip: pod.ip, port, identity }
  try {
    const { status } = await ask(place, 'GET', '/api/v0/probes/liveness', { timeoutMs: probeMs, signal })
    // 500: it is there, and Cassandra is not.
    return status === 200 || status === 500 ? { api: byManagementApi(place) } : { trouble: `HTTP status ${status}` }
  } catch (error) {
    signal.throwIfAborted()
    if (identity === undefined || !(error instanceof Failure)) return { trouble: messageOf(error) }
    return { trouble: error.why, cure: error.next }
  }
}

const states = z.object({ entity: z.array(z.record(z.string(), z.string())) })

/**
 * A node by k8ssandra's management API (management-api-for-apache-cassandra, doc/openapi.json). Its own connection to
 * Cassandra gives up after 30 s, so that of an answer of 500 nobody knows whether the node goes on.
 */
function byManagementApi(place: Place): NodeControl {
  const told = async (method: string, path: string, limits: CommandLimits, body?: object): Promise<string> => {
    const answer = await ask(place, method, path, limits, body)
    if (answer.status === 200) return answer.body
    const why = `HTTP status ${answer.status}: ${printable(answer.body.trim()).slice(0, 500) || 'it says nothing'}`
    const text = {
      what: `the management API of pod ${place.pod} refused ${method} ${path.split('?')[0]}`,
      why,
      next: `see the log of Cassandra in pod ${place.pod}`,
    }
    throw answer.status < 500 ? new ToolFailed(text) : new Failure(text)
  }
  const listed = async (path: string, signal: AbortSignal) => {
    const body = await told('GET', path, askLimits(signal))
    const read = states.safeParse(jsonOf(body))
    if (read.success) return read.data.entity
    throw new Failure({
      what: `the management API of pod ${place.pod} answers what cannot be read`,
      why: printable(body.trim()).slice(0, 300) || 'it says nothing',
      next: 'see whether this is a version that is known: GET /api/v0/metadata/versions/features',
    })
  }
  return {
    async look(signal) {
      const nodes = await listed('/api/v0/metadata/endpoints', signal)
      // It does not tell when the node was started.
      const hostId = nodes.find((node) => node['IS_LOCAL'] === 'true')?.['HOST_ID']
      return { hostId, generation: undefined, status: nodes.flatMap(statusOf) }
    },
    async takeSnapshot(tag, limits) {
      await told('POST', '/api/v0/ops/node/snapshots', limits, { snapshot_name: tag })
    },
    async listSnapshots(beginning, signal) {
      const lines = await listed('/api/v0/ops/node/snapshots', signal)
      return lines.map(snapshotOf).filter(({ tag }) => tag.startsWith(beginning))
    },
    async clearSnapshot(tag, signal) {
      // Without a name it would clear everybody's.
      if (tag === '') throw new Error('a snapshot without a name')
      await told('DELETE', `/api/v0/ops/node/snapshots?snapshotNames=${encodeURIComponent(tag)}`, askLimits(signal))
    },
  }
}

/** Gossip keeps a node that has left for days; `nodetool status` does not show it. */
const gone = /^(LEFT|removed)\b/i
/** What a node says of itself in gossip (Cassandra, VersionedValue), and the letter of `nodetool status` for it. */
const letters: readonly [RegExp, string][] = [
  [/^(NORMAL|shutdown|hibernate)\b/i, 'N'],
  [/^(LEAVING|removing)\b/i, 'L'],
  [/^BOOT/i, 'J'],
  [/^MOVING\b/i, 'M'],
]

function statusOf(node: Readonly<Record<string, string>>): NodeStatus[] {
  const said = node['STATUS_WITH_PORT'] ?? node['STATUS'] ?? ''
  const hostId = node['HOST_ID']
  if (hostId === undefined || gone.test(said)) return []
  const does = letters.find(([words]) => words.test(said))?.[1] ?? '?'
  const address = node['ENDPOINT_IP'] ?? node['INTERNAL_IP'] ?? hostId
  return [{ hostId, address, state: `${node['IS_ALIVE'] === 'true' ? 'U' : 'D'}${does}` }]
}

/** The names of Cassandra's own table of snapshots (Cassandra, SnapshotDetailsTabularData). */
function snapshotOf(line: Readonly<Record<string, string>>): ListedSnapshot {
  return {
    tag: line['Snapshot name'] ?? '',
    schema: line['Keyspace name'] ?? '',
    table: line['Column family name'] ?? '',
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * One request, on a connection of its own.
 * @throws Failure where there is no whole answer in time; the signal's reason
 */
async function ask(
  { pod, ip, port, identity }: Place,
  method: string,
  path: string,
  { timeoutMs, signal }: CommandLimits,
  body?: object,
): Promise<Answer> {
  signal.throwIfAborted()
  const text = body === undefined ? undefined : JSON.stringify(body)
  const late = AbortSignal.timeout(timeoutMs)
  const asked = (identity === undefined ? request : tlsRequest)({
    ...identity?.tls,
    host: ip,
    port,
    method,
    path,
    agent: false,
    signal: AbortSignal.any([signal, late]),
    headers: {
      accept: '*/*',
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
    },
  })
  try {
    asked.end(text)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > mostBytes) throw new Error('its answer is too long')
      chunks.push(chunk)
    }
    return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }
  } catch (error) {
    signal.throwIfAborted()
    throw new Failure(
      {
        what: `the management API of pod ${pod} has no known answer to ${method} ${path.split('?')[0]}`,
        why: late.aborted ? `nothing came within ${formatDuration(timeoutMs)}` : messageOf(error),
        next: `see whether the worker may connect to ${ip}:${port}, and how that pod does`,
        ...(identity === undefined ? {} : tlsTrouble(error, identity)),
      },
      { cause: error },
    )
  } finally {
    asked.destroy()
  }
}
