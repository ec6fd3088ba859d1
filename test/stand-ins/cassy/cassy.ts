// Room: Cassy for tests, as unkind as its source has it (README.md).
// Read cassy, pauser, refusal.

import { Server, ServerCredentials, loadPackageDefinition, status, type sendUnaryData } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import type { ScriptedNode, ScriptedRing } from '../cassandra/scripted-ring.ts'
import { onServers } from './pauser.ts'
import { refusal, Refusal } from './refusal.ts'

/**
 * What goes wrong on a node; README.md has the source of each:
 * snapshot: taking it fails, and Cassy does not notice;
 * lost: the connection to the node breaks, Cassy does not notice, and the node takes the snapshot some time later;
 * ssh: there is no login, so its upload is never begun, and Cassy says STARTED for ever;
 * upload: the program on the node fails;
 * folder: the node has a second data folder, which nobody copies;
 * hangs: the node never answers, and takes the snapshot all the same, after somebody has looked for it in vain;
 * full: its disk is full, so a part of the snapshot is there, and Cassy does not notice;
 * unwritten: all uploads are begun, then Cassy cannot write that down: FAILED for all, and they run.
 */
export type CassyFault = 'snapshot' | 'lost' | 'ssh' | 'upload' | 'folder' | 'hangs' | 'full' | 'unwritten'

/**
 * The same of a restore:
 * ssh: there is no login, so its program is never begun, and Cassy says STARTED for ever;
 * fails: the program on the node fails half-way, with some files put back;
 * hangs: it does not end, and what became of the nodes after it in the queue is not written down either;
 * unwritten: all programs are begun, then Cassy cannot write that down: FAILED for all, and the programs run.
 */
export type RestoreFault = 'ssh' | 'fails' | 'hangs' | 'unwritten'

interface Entry {
  cluster_id: string
  target_ip: string
  snapshot_id: string
  created_at: number
  backup_type: number
  status: number
}

/** Its bucket. */
export interface Bucket {
  put(key: string, content: string): Promise<void>
  /** keys of all objects */
  keys(): Promise<string[]>
}

interface RestoreEntry {
  cluster_id: string
  target_ip: string
  snapshot_id: string
  created_at: number
  restore_type: number
  status: number
}

/** The data folder of a node. */
export interface Disk {
  /** `scalar/asset-ID/file`; one that was never restored has data of its own */
  files: Set<string>
  /** whether a program of Cassy is at work there; two at once remove each other's files */
  programs: number
  /** whether Cassandra ran, or a second program did, while files were put there */
  isSpoiled: boolean
}

export interface CassyStandIn {
  /** HOST:PORT, the same after it is started anew */
  readonly address: string
  /** by address of a node */
  faults: Map<string, CassyFault>
  /** what is written down in its database: it outlives the process */
  clusters: { cluster_id: string; target_ips: string[]; keyspaces: string[] }[]
  history: Entry[]
  restores: RestoreEntry[]
  restoreFaults: Map<string, RestoreFault>
  /** by address of a node */
  disks: Map<string, Disk>
  /** calls that were read: `TakeBackup 2` */
  calls: string[]
  /** hides nodes or keyspaces from it */
  sees: { nodes: (node: ScriptedNode) => boolean; keyspaces: (name: string) => boolean }
  /** what of a call is done when its answer is lost, and the connection with it; asked anew for every call */
  losesAnswer?: ((method: string) => 'before' | 'after' | undefined) | undefined
  /** called inside TakeBackup before its snapshots, uploads and answer; on each node before its restore and after it */
  before?: ((what: 'snapshots' | 'answer' | 'upload' | 'download' | 'placed') => Promise<void> | void) | undefined
  /** of the Scalar servers that it pauses for a backup of type 1, as its SRV record has them */
  servers: string[]
  /** somebody else's backup of a ring, and what it came to is nobody's business here */
  takeForOthers(clusterId: string, type: number): Promise<void>
  /** ends the process; its queue is forgotten */
  kill(): void
  start(): Promise<void>
}

/** What any call is given. */
type Asked = Record<string, string | number | boolean | string[] | undefined> & { target_ips?: string[] }

const statuses = { initialized: 1, started: 2, completed: 3, failed: 4 }
const own = ['system.paxos', 'system_schema.tables', 'system_auth.roles']
/** The last two are not in every snapshot: made again, and of a dropped index. */
const contents = 'Data.db\nTOC.txt\nCompressionInfo.db\nSummary.db\nSI_by_owner.db\n'
const protocol = loadSync(resolve(import.meta.dirname, '../../../proto/cassy.proto'), {
  keepCase: true,
  longs: Number,
  enums: Number,
  defaults: true,
})

/** Starts Cassy for a scripted ring. */
export async function startCassy(ring: ScriptedRing, { put, keys }: Bucket): Promise<CassyStandIn> {
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
    restoreFaults: new Map(),
    disks: new Map(
      ring.nodes.map(({ address }) => [
        address,
        { files: new Set(['system/local-1/old']), programs: 0, isSpoiled: false },
      ]),
    ),
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

  type Call = { request: Asked }

  function methods() {
    const handlers: Record<string, (request: Asked) => Promise<object>> = {
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
      ListRestoreStatuses: async ({ cluster_id, snapshot_id }) => {
        // The snapshot goes before the ring; neither is an error.
        if (snapshot_id === '' && cluster_id === '') throw refusal(status.INVALID_ARGUMENT, '')
        const isIts = (entry: RestoreEntry) =>
          snapshot_id === '' ? entry.cluster_id === cluster_id : entry.snapshot_id === snapshot_id
        return { entries: standIn.restores.filter(isIts).toReversed() }
      },
      RestoreBackup: async (asked) => await restoreBackup(asked),
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
    handle: (request: Asked) => Promise<object>,
    request: Asked,
    answer: sendUnaryData<object>,
  ): Promise<void> {
    const detail: Record<string, string> = {
      TakeBackup: ` ${request['backup_type']}`,
      RestoreBackup: ` ${request['restore_type']} ${request.target_ips?.join(' ')}`,
    }
    standIn.calls.push(`${name}${detail[name] ?? ''}`)
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
    const nodes = ring.nodes.filter(({ address }) => cluster.target_ips.includes(address))
    // Before anything is written down.
    if (nodes.some(({ fault }) => fault === 'down'))
      throw refusal(status.INTERNAL, 'All the required nodes are not available.')
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
    const isWritten = ![...standIn.faults.values()].includes('unwritten')
    say(isWritten ? statuses.started : statuses.failed)
    void upload(nodes, clusterId, snapshotId, type, (address, to) => {
      const its = entries.filter(({ target_ip }) => target_ip === address)
      if (isWritten) say(to, its)
    }).catch(() => undefined)
    if (!isWritten) throw refusal(status.INTERNAL, '[SQLITE_BUSY] The database file is locked')
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
    // Nobody answers there, and nobody asks what became of the task.
    if (node.fault === 'unnoticed' || node.fault === 'down') return
    // It clears whatever is there, whoever made it.
    node.snapshots.clear()
    if (fault === 'snapshot') return
    // After somebody has looked for it in vain.
    if (fault === 'lost' || fault === 'hangs') node.late = lines
    if (fault === 'hangs') await new Promise(() => undefined)
    if (fault === 'lost') return
    for (const line of fault === 'full' ? lines.slice(0, 2) : lines) node.snapshots.add(line)
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
    for (const { address, fault: down, snapshots } of nodes) {
      const fault = standIn.faults.get(address)
      if (fault === 'ssh' || down !== undefined) continue
      const tables = [...snapshots].filter((line) => line.startsWith(`${snapshotId} `)).map((line) => line.split(' '))
      const files = ['nb-1-big-Data.db', 'nb-2-big-Data.db', '.by_owner/nb-1-big-Data.db']
      const parts = [
        'nb-1-big-TOC.txt',
        'nb-1-big-CompressionInfo.db',
        'nb-2-big-TOC.txt',
        'nb-2-big-CompressionInfo.db',
      ]
      const copied = fault === 'folder' || fault === 'upload' ? files.slice(0, 1) : [...files.slice(0, 2), ...parts]
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
            ...copied.map((file) =>
              put(`${folder}/${file}`, file.endsWith('TOC.txt') ? contents : `${address} ${table}`),
            ),
          ]
        }),
      )
      say(address, fault === 'upload' ? statuses.failed : statuses.completed)
    }
  }

  /** Nothing is stopped or removed on any node, and whether Cassandra runs there is not looked at. */
  async function restoreBackup({ cluster_id, snapshot_id, restore_type, target_ips = [] }: Asked): Promise<object> {
    const isOfNodes = standIn.history.some((one) => one.snapshot_id === snapshot_id && one.backup_type === 2)
    if (restore_type === 1 && isOfNodes)
      throw refusal(status.INVALID_ARGUMENT, 'The request is invalid or inconsistent.')
    const cluster = standIn.clusters.find((one) => one.cluster_id === cluster_id)
    if (cluster === undefined) throw refusal(status.INVALID_ARGUMENT, 'The specified cluster cannot be found.')
    const its = process
    const created = Date.now()
    const entries = (target_ips.length === 0 ? cluster.target_ips : target_ips).map((address): RestoreEntry => ({
      cluster_id: cluster.cluster_id,
      target_ip: address,
      snapshot_id: String(snapshot_id),
      created_at: created,
      restore_type: Number(restore_type),
      status: statuses.initialized,
    }))
    standIn.restores.push(...entries)
    const faultOf = ({ target_ip }: RestoreEntry) => standIn.restoreFaults.get(target_ip)
    const begun = entries
      .filter((entry) => faultOf(entry) !== 'ssh')
      .map((entry) => ({ entry, end: placeFiles(entry) }))
    if (its !== process) throw refusal(status.UNAVAILABLE, '')
    if (entries.some((entry) => faultOf(entry) === 'unwritten')) {
      for (const entry of entries) entry.status = statuses.failed
      throw refusal(status.INTERNAL, '[SQLITE_BUSY] The database file is locked')
    }
    for (const entry of entries) entry.status = statuses.started
    void (async () => {
      // In turns: what became of a node is written down once all before it have ended.
      for (const { entry, end } of begun) {
        const code = await end
        if (its === process) entry.status = code === 0 ? statuses.completed : statuses.failed
      }
    })()
    return { status: statuses.started }
  }

  /** The program on a node, which does not end with the Cassy that began it. @returns its exit code */
  async function placeFiles(entry: RestoreEntry): Promise<number> {
    const disk = standIn.disks.get(entry.target_ip)
    if (disk === undefined) return 1
    const fault = standIn.restoreFaults.get(entry.target_ip)
    disk.programs += 1
    if (disk.programs > 1 || !ring.isStopped(entry.target_ip)) disk.isSpoiled = true
    try {
      await standIn.before?.('download')
      if (fault === 'hangs') await new Promise(() => undefined)
      const kind = entry.restore_type === 1 ? 'cluster-backup' : 'node-backup'
      const folder = `${kind}/${entry.cluster_id}/${entry.snapshot_id}/${entry.target_ip}/`
      const found = (await keys()).filter((key) => key.startsWith(folder)).map((key) => key.slice(folder.length))
      const placed = found.map((file) => file.replace(/\/snapshots\/[^/]+\//, '/'))
      for (const [index, file] of placed.entries()) {
        // A file that is there is not replaced, and ends it.
        if (disk.files.has(file) || (fault === 'fails' && index > 1)) return 1
        disk.files.add(file)
      }
      // Of a keyspace nothing at all is an error; of a table it is not.
      const cluster = standIn.clusters.find(({ cluster_id }) => cluster_id === entry.cluster_id)
      return (cluster?.keyspaces ?? []).every((name) => placed.some((file) => file.startsWith(`${name}/`))) ? 0 : 1
    } finally {
      disk.programs -= 1
      await standIn.before?.('placed')
    }
  }

  await standIn.start()
  return standIn
}
