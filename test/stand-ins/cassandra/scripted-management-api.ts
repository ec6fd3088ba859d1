import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { text } from 'node:stream/consumers'
import type { NodeStatus } from '../../../job/databases/cassandra/node-control.ts'

// k8ssandra's management API as far as snapshots need it, as its document and its source of 0.1.125 have it
// (k8ssandra/management-api-for-apache-cassandra):
// - doc/openapi.json: paths, parameters, the shapes of bodies;
// - BaseResources.handle: any error of the node is status 500 with its words, and so is a node that does not run;
// - UnixSocketCQLAccess: its own question to the node ends after 30 s, the node goes on;
// - NodeOpsProvider.takeSnapshot: no keyspaces are all, Cassandra's own with them;
// - NodeOpsProvider.clearSnapshots: no names are all snapshots, everybody's; one that is not there is cleared as well;
// - NodeOpsProvider.getSnapshotDetails: a line a table, all values are text;
// - CassandraAPI50x.getEndpointStates: gossip as it is, with nodes that have left; nothing of when a node was started;
// - K8OperatorResources.checkLiveness: 200 while it runs, 500 once the Cassandra that it has started is gone;
// - with managementApiAuth.manual it is TLS, and whoever shows no certificate of its CA gets no answer (Cli,
//   NettyJaxrsTLSServer: ClientAuth.REQUIRE).

/** What a node does, whoever asks. */
export interface ManagedNode {
  hostId: string
  /** called before each request, with the name that nodetool has for it */
  before(verb: string): void
  /** whether Cassandra runs beside the API */
  runs(): boolean
  /** why none was taken; undefined where one was, or where the node says so */
  take(tag: string, signal: AbortSignal): Promise<string | undefined>
  /** `tag keyspace table` */
  list(): string[]
  clear(tag: string | undefined): void
  ring(): NodeStatus[]
}

/** What a server shows, and whose certificates it accepts, PEM. */
export interface ServerIdentity {
  ca: string
  cert: string
  key: string
}

export interface ManagementApi {
  port: number
  /** the same with TLS; 0 without */
  tlsPort: number
  close(): void
}

const words: Record<string, string> = { N: 'NORMAL,-1', L: 'LEAVING,-1', J: 'BOOT,-1', M: 'MOVING,-1' }

/**
 * Starts one at an address.
 * @param isTls whether it wants a client's certificate
 * @param identity where it has one
 * @param plainPort 0: any that is free
 */
export async function startManagementApi(
  address: string,
  node: ManagedNode,
  isTls: () => boolean,
  identity: ServerIdentity | undefined,
  plainPort = 0,
): Promise<ManagementApi> {
  const serve = (asked: IncomingMessage, answer: ServerResponse) => {
    const gone = new AbortController()
    answer.on('close', () => gone.abort(new Error('the client is gone')))
    void handle(node, asked, answer, gone.signal).catch(() => asked.socket.destroy())
  }
  const plain = createServer((asked, answer) => (isTls() ? void asked.socket.destroy() : serve(asked, answer)))
  const tls = identity && createTlsServer({ ...identity, requestCert: true, rejectUnauthorized: true }, serve)
  const ports: number[] = []
  for (const server of [plain, tls]) {
    server?.listen(server === plain ? plainPort : 0, address)
    if (server !== undefined) await once(server, 'listening')
    const at = server?.address()
    ports.push(typeof at === 'object' && at !== null ? at.port : 0)
  }
  const [port = 0, tlsPort = 0] = ports
  return {
    port,
    tlsPort,
    close() {
      for (const server of [plain, tls]) {
        server?.close()
        server?.closeAllConnections()
      }
    },
  }
}

async function handle(node: ManagedNode, asked: IncomingMessage, answer: ServerResponse, signal: AbortSignal) {
  const url = new URL(asked.url ?? '/', 'http://node')
  const said = await reply(node, `${asked.method} ${url.pathname}`, url.searchParams, await text(asked), signal)
  const [status, body] = said
  const type = typeof body === 'string' ? 'text/plain' : 'application/json'
  answer.writeHead(status, { 'content-type': type }).end(typeof body === 'string' ? body : JSON.stringify(body))
}

/** As `Entity.json` is written. */
const entity = (lines: readonly Record<string, string>[]) => ({
  entity: lines,
  variant: { language: null, mediaType: { type: 'application', subtype: 'json', parameters: {} }, encoding: null },
  annotations: [],
  mediaType: { type: 'application', subtype: 'json', parameters: {} },
  language: null,
  encoding: null,
})

async function reply(
  node: ManagedNode,
  what: string,
  query: URLSearchParams,
  body: string,
  signal: AbortSignal,
): Promise<[status: number, body: string | object]> {
  if (what === 'GET /api/v0/probes/liveness') return node.runs() ? [200, 'OK'] : [500, '']
  const names = query.getAll('snapshotNames')
  switch (what) {
    case 'GET /api/v0/metadata/endpoints':
      node.before('info')
      if (!node.runs()) break
      return [200, entity([...node.ring().map((one) => stateOf(one, node)), hasLeft])]
    case 'GET /api/v0/ops/node/snapshots': {
      node.before('listsnapshots')
      if (!node.runs()) break
      const lines = node.list().filter((line) => names.length === 0 || names.includes(line.split(' ')[0] ?? ''))
      return [200, entity(lines.map(snapshotOf))]
    }
    case 'POST /api/v0/ops/node/snapshots': {
      node.before('snapshot')
      if (!node.runs()) break
      const { snapshot_name: tag } = JSON.parse(body) as { snapshot_name?: string }
      const why = await node.take(tag ?? String(Date.now()), signal)
      return why === undefined ? [200, 'OK'] : [500, why]
    }
    case 'DELETE /api/v0/ops/node/snapshots':
      node.before('clearsnapshot')
      if (!node.runs()) break
      for (const name of names.length === 0 ? [undefined] : names) node.clear(name)
      return [200, 'OK']
    default:
      return [404, 'RESTEASY003210: Could not find resource for full path']
  }
  return [500, 'Internal connection to Cassandra closed']
}

function stateOf({ hostId, address, state }: NodeStatus, { hostId: own }: ManagedNode): Record<string, string> {
  return {
    HOST_ID: hostId,
    ENDPOINT_IP: address,
    IS_ALIVE: String(state.startsWith('U')),
    IS_LOCAL: String(hostId === own),
    STATUS_WITH_PORT: words[state[1] ?? ''] ?? '',
    DC: 'dc1',
    RACK: 'rack1',
  }
}

/** Gossip remembers a node for three days. */
const hasLeft = {
  HOST_ID: '00000000-0000-4000-8000-000000000000',
  ENDPOINT_IP: '127.1.0.99',
  IS_ALIVE: 'false',
  IS_LOCAL: 'false',
  STATUS_WITH_PORT: 'LEFT,-1,1',
}

function snapshotOf(line: string): Record<string, string> {
  const [tag = '', schema = '', table = ''] = line.split(' ')
  return {
    'Snapshot name': tag,
    'Keyspace name': schema,
    'Column family name': table,
    'True size': '1.03 KiB',
    'Size on disk': '1.03 KiB',
    'Creation time': '2026-11-22T08:17:45.742Z',
    'Expiration time': 'null',
    Ephemeral: 'false',
  }
}
