import { Server, ServerCredentials, loadPackageDefinition, status, type sendUnaryData } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { adminClient } from '../../../job/servers/client.ts'
import { parseAddress } from '../../../job/servers/targets.ts'
import type { ScriptedNode, ScriptedRing } from '../cassandra/scripted-ring.ts'

/**
 * What goes wrong on a node; README.md has the source of each:
 * snapshot: taking it fails, and Cassy does not notice;
 * lost: the connection to the node breaks, Cassy does not notice, and the node takes the snapshot some time later;
 * ssh: there is no login, so its upload is never begun, and Cassy says STARTED for ever;
 * upload: the program on the node fails;
 * folder: the node has a second data folder, which nobody copies;
 * hangs: the node never answers.
 */
export type CassyFault = 'snapshot' | 'lost' | 'ssh' | 'upload' | 'folder' | 'hangs'

interface Entry {
  cluster_id: string
  target_ip: string
  snapshot_id: string
  created_at: number
  backup_type: number
  status: number
}

/** Where Cassy puts what it uploads. */
export type Put = (key: string, content: string) => Promise<void>

export interface CassyStandIn {
  /** HOST:PORT, the same after it is started anew */
  readonly address: string
  /** by address of a node */
  faults: Map<string, CassyFault>
  /** what is written down in its database: it outlives the process */
  clusters: { cluster_id: string; target_ips: string[]; keyspaces: string[] }[]
  history: Entry[]
  restores: Omit<Entry, 'cluster_id' | 'backup_type'>[]
  /** calls that were read: `TakeBackup 2` */
  calls: string[]
  /** hides nodes or keyspaces from it */
  sees: { nodes: (node: ScriptedNode) => boolean; keyspaces: (name: string) => boolean }
  /** what of a call is done when its answer is lost, and the connection with it; asked anew for every call */
  losesAnswer?: ((method: string) => 'before' | 'after' | undefined) | undefined
  /** called inside TakeBackup before its snapshots, and before its answer */
  before?: ((what: 'snapshots' | 'answer' | 'upload') => Promise<void> | void) | undefined
  /** of the Scalar servers that it pauses for a backup of type 1, as its SRV record has them */
  servers: string[]
  /** somebody else's backup of a ring, and what it came to is nobody's business here */
  takeForOthers(clusterId: string, type: number): Promise<void>
  /** ends the process; its queue is forgotten */
  kill(): void
  start(): Promise<void>
}

const statuses = { initialized: 1, started: 2, completed: 3, failed: 4 }
const own = ['system.paxos', 'system_schema.tables', 'system_auth.roles']
const protocol = loadSync(resolve(import.meta.dirname, '../../../proto/cassy.proto'), {
  keepCase: true,
  longs: Number,
  enums: Number,
  defaults: true,
})

/** Starts Cassy for a scripted ring. */
export async function startCassy(ring: ScriptedRing, put: Put): Promise<CassyStandIn> {
  let server: Server | undefined
  let port = 0
  /** a process that is gone does nothing more */
  let process = 0

  const standIn: CassyStandIn = {
    get address() {
      return `127.0.0.1:${port}`
    },
    faults: new Map(),
    clusters: [],
    history: [],
    restores: [],
    calls: [],
    sees: { nodes: () => true, keyspaces: () => true },
    servers: [],
    async takeForOthers(clusterId, type) {
      await takeBackup(clusterId, type).catch(() => undefined)
    },
    kill() {
      process += 1
      server?.forceShutdown()
      server = undefined
    },
    async start() {
      server = new Server()
      const { rpc } = loadPackageDefinition(protocol) as never as { rpc: { Cassy: { service: never } } }
      server.addService(rpc.Cassy.service, methods())
      port = await new Promise<number>((done, failed) => {
        server?.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
          error === null ? done(bound) : failed(error),
        )
      })
    },
  }

  type Call = { request: Record<string, string | number> }

  function methods() {
    const handlers: Record<string, (request: Record<string, string | number>) => Promise<object>> = {
      RegisterCluster: async ({ cassandra_host }) => {
        const up = ring.nodes.filter(({ fault }) => fault !== 'down')
        if (!up.some(({ address }) => address === cassandra_host)) throw refusal(status.INTERNAL, '')
        if (up.length < ring.nodes.length)
          throw refusal(status.UNAVAILABLE, 'All the required nodes are not available.')
        const names = [...ring.tables, ...own].map((name) => name.split('.')[0] ?? '')
        const cluster = {
          cluster_id: `Test Cluster-${randomUUID()}`,
          target_ips: ring.nodes.filter(standIn.sees.nodes).map(({ address }) => address),
          keyspaces: [...new Set(names)].filter(standIn.sees.keyspaces),
        }
        standIn.clusters.push(cluster)
        return cluster
      },
      ListClusters: async () => ({ entries: standIn.clusters }),
      ListBackups: async ({ cluster_id }) => ({
        entries: standIn.history.filter((entry) => entry.cluster_id === cluster_id).toReversed(),
      }),
      ListRestoreStatuses: async ({ snapshot_id }) => ({
        entries: standIn.restores.filter((entry) => entry.snapshot_id === snapshot_id).toReversed(),
      }),
      TakeBackup: async ({ cluster_id, backup_type }) => await takeBackup(String(cluster_id), Number(backup_type)),
    }
    return Object.fromEntries(
      Object.entries(handlers).map(([name, handle]) => [
        name,
        ({ request }: Call, answer: sendUnaryData<object>) => void answered(name, handle, request, answer),
      ]),
    )
  }

  async function answered(
    name: string,
    handle: (request: Record<string, string | number>) => Promise<object>,
    request: Record<string, string | number>,
    answer: sendUnaryData<object>,
  ): Promise<void> {
    standIn.calls.push(`${name}${name === 'TakeBackup' ? ` ${request['backup_type']}` : ''}`)
    const loses = standIn.losesAnswer?.(name)
    const lost = () => answer({ code: status.UNAVAILABLE, details: 'Connection dropped' })
    if (loses === 'before') return lost()
    try {
      const said = await handle(request)
      if (loses === 'after') lost()
      else answer(null, said)
    } catch (error) {
      if (loses === 'after') lost()
      else answer(error instanceof Refusal ? error.said : { code: status.UNKNOWN, details: '' })
    }
  }

  async function takeBackup(clusterId: string, type: number): Promise<object> {
    const cluster = standIn.clusters.find(({ cluster_id }) => cluster_id === clusterId)
    if (cluster === undefined) throw refusal(status.INVALID_ARGUMENT, 'The specified cluster cannot be found.')
    const its = process
    const snapshotId = randomUUID()
    const created = Date.now()
    const entries = cluster.target_ips.map((address): Entry => ({
      cluster_id: clusterId,
      target_ip: address,
      snapshot_id: snapshotId,
      created_at: created,
      backup_type: type,
      status: statuses.initialized,
    }))
    standIn.history.push(...entries)
    const nodes = ring.nodes.filter(({ address }) => cluster.target_ips.includes(address))
    const say = (to: number, some = entries) => {
      if (its === process) for (const entry of some) entry.status = to
    }
    try {
      if (type === 1) await onServers(standIn.servers, 'pause')
      await standIn.before?.('snapshots')
      await Promise.all(nodes.map((node) => takeSnapshot(node, snapshotId)))
      if (type === 1) await onServers(standIn.servers, 'unpause')
    } catch (error) {
      say(statuses.failed)
      throw refusal(status.INTERNAL, error instanceof Error ? error.message : '')
    }
    // A process that is gone has begun no upload.
    if (its !== process) throw refusal(status.UNAVAILABLE, '')
    say(statuses.started)
    void upload(nodes, clusterId, snapshotId, type, (address, to) =>
      say(
        to,
        entries.filter(({ target_ip }) => target_ip === address),
      ),
    ).catch(() => undefined)
    await standIn.before?.('answer')
    return {
      status: statuses.started,
      cluster_id: clusterId,
      target_ips: cluster.target_ips,
      snapshot_id: snapshotId,
    }
  }

  async function takeSnapshot(node: ScriptedNode, tag: string): Promise<void> {
    const lines = [...ring.tables, ...own].map((name) => `${tag} ${name.replace('.', ' ')}`)
    const fault = standIn.faults.get(node.address)
    if (fault === 'hangs') await new Promise(() => undefined)
    // It clears whatever is there, whoever made it.
    node.snapshots.clear()
    if (fault === 'snapshot') return
    if (fault === 'lost') {
      // After somebody has looked for it in vain.
      node.late = lines
      return
    }
    for (const line of lines) node.snapshots.add(line)
  }

  /** The programs on the nodes; Cassy writes down in turn what each came to, waiting for the one before. */
  async function upload(
    nodes: readonly ScriptedNode[],
    clusterId: string,
    snapshotId: string,
    type: number,
    say: (address: string, to: number) => void,
  ): Promise<void> {
    await standIn.before?.('upload')
    for (const { address, snapshots } of nodes) {
      const fault = standIn.faults.get(address)
      if (fault === 'ssh') continue
      const tables = [...snapshots].filter((line) => line.startsWith(`${snapshotId} `)).map((line) => line.split(' '))
      const files = ['nb-1-big-Data.db', 'nb-2-big-Data.db', '.by_owner/nb-1-big-Data.db']
      const copied = fault === 'folder' || fault === 'upload' ? files.slice(0, 1) : files.slice(0, 2)
      await Promise.all(
        tables.flatMap(([, schema = '', table = '']) => {
          const folder = [
            type === 1 ? 'cluster-backup' : 'node-backup',
            clusterId,
            snapshotId,
            address,
            schema,
            `${table}-${'0'.repeat(31)}1`,
            'snapshots',
            snapshotId,
          ].join('/')
          return [
            put(`${folder}/manifest.json`, JSON.stringify({ files, created_at: new Date().toISOString() })),
            ...copied.map((file) => put(`${folder}/${file}`, `${address} ${table}`)),
          ]
        }),
      )
      say(address, fault === 'upload' ? statuses.failed : statuses.completed)
    }
  }

  await standIn.start()
  return standIn
}

/** Asks all at once; ends with the first that fails, and the others stay as they are (ApplicationPauser). */
async function onServers(addresses: readonly string[], what: 'pause' | 'unpause'): Promise<void> {
  await Promise.all(
    addresses.map(async (address) => {
      const client = adminClient(parseAddress(address), undefined)
      try {
        if (what === 'unpause') return await client.unpause(1000)
        const reply = await client.pause(30_000)
        if (reply.kind !== 'paused') throw new Error(reply.why ?? reply.kind)
      } finally {
        client.close()
      }
    }),
  )
}

class Refusal extends Error {
  readonly said: { code: status; details: string }

  constructor(code: status, details: string) {
    super(details)
    this.said = { code, details }
  }
}

function refusal(code: status, details: string): Refusal {
  return new Refusal(code, details)
}
