import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js'
import { formatDuration } from '../../../../operation/duration.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { RpcMethod } from '../../../servers/wire.ts'
import {
  cassyMethods,
  nodeSnapshot,
  restoreRequest,
  type BackupBegun,
  type BackupEntry,
  type Registration,
  type RestoreEntry,
  type RestoreOrder,
} from './protocol.ts'

/** Cassy, asked over plaintext: it knows neither TLS nor credentials (CassyServer). */
export interface Cassy {
  /** Whether it answers at all. @throws CassyError where it does not */
  look(signal: AbortSignal): Promise<void>
  /**
   * Has it write down a ring as it is now.
   * @param host any node
   * @throws CassyError where it does not, or a node is down
   */
  register(host: string, signal: AbortSignal): Promise<Registration>
  /**
   * Has every node of a registered ring take a snapshot; answers once all have, and their uploads are begun.
   * @throws CassyError; lost where it may have done so all the same
   */
  takeBackup(clusterId: string, signal: AbortSignal): Promise<BackupBegun>
  /** What became of the backups of a registered ring, one entry a node. @throws CassyError */
  backups(clusterId: string, signal: AbortSignal): Promise<BackupEntry[]>
  /**
   * Has nodes get the files of a backup; answers once it has begun on all that it can log in to.
   * @throws CassyError; lost where it may have begun all the same
   */
  restore(order: RestoreOrder, signal: AbortSignal): Promise<void>
  /** What became of the restores of a backup, one entry a node, newest first. @throws CassyError */
  restores(snapshotId: string, signal: AbortSignal): Promise<RestoreEntry[]>
  /** What became of all restores of a registered ring. @throws CassyError */
  restoresOfRing(clusterId: string, signal: AbortSignal): Promise<RestoreEntry[]>
  /** The rings that were ever registered. @throws CassyError */
  rings(signal: AbortSignal): Promise<{ cluster_id: string; target_ips: string[] }[]>
  close(): void
}

/** Cassy has not done what it was asked for, or nobody knows. */
export class CassyError extends Failure {
  /** whether the call may have been read, or may be at work still */
  readonly isLost: boolean

  constructor(address: string, asked: string, error: ServiceError, timeoutMs: number) {
    const isLost =
      error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED || error.code === status.CANCELLED
    const said = error.code === status.DEADLINE_EXCEEDED ? `no answer in ${formatDuration(timeoutMs)}` : error.details
    super(
      {
        what: `Cassy at ${address} did not ${asked}`,
        why: `${status[error.code]}: ${said === '' ? 'it gives no reason; its log does' : said}`,
        next: isLost
          ? "check that Cassy runs there, without TLS, and that the worker's pod may reach it"
          : error.code === status.UNIMPLEMENTED
            ? 'what answers there is no Cassy, or an older one: name HOST:PORT of its newest release'
            : "see Cassy's log, and that all nodes of Cassandra are up",
      },
      { cause: error },
    )
    this.isLost = isLost
  }
}

/** It asks Cassandra itself, over JMX, before it answers. ms */
const registerMs = 60_000
/** Answered from a database of its own. ms */
const answerMs = 10_000
/** It logs in to every node before it answers. ms */
const restoreMs = 300_000
/** For a snapshot that no pause bounds; the signal of the pause comes long before. ms */
const takeMs = 3_600_000

/** @param address HOST:PORT @param waitMs for an answer out of its own database */
export function openCassy(address: string, waitMs: number = answerMs): Cassy {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.enable_http_proxy': 0,
    // A backup that is asked for twice is taken twice.
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_channelz': 0,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
  })

  function call<Request, Response>(
    { path, requestSerialize, responseDeserialize }: RpcMethod<Request, Response>,
    request: Request,
    { asked, timeoutMs, signal }: { asked: string; timeoutMs: number; signal: AbortSignal },
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error)
      const deadline = Date.now() + timeoutMs
      const running = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline },
        (error, response) => {
          signal.removeEventListener('abort', cancel)
          if (signal.aborted) reject(signal.reason as Error)
          else if (error !== null) reject(new CassyError(address, asked, error, timeoutMs))
          else if (response === undefined) reject(new Error(`${address} answered with nothing`))
          else resolve(response)
        },
      )
      const cancel = () => running.cancel()
      signal.addEventListener('abort', cancel, { once: true })
    })
  }

  const { RegisterCluster, ListClusters, TakeBackup, ListBackups, RestoreBackup, ListRestoreStatuses } = cassyMethods
  return {
    async look(signal) {
      await call(ListClusters, { limit: 1 }, { asked: 'answer', timeoutMs: waitMs, signal })
    },
    register: (host, signal) =>
      call(
        RegisterCluster,
        { cassandra_host: host },
        { asked: `register the ring of ${host}`, timeoutMs: registerMs, signal },
      ),
    takeBackup: (clusterId, signal) =>
      call(
        TakeBackup,
        { cluster_id: clusterId, backup_type: nodeSnapshot },
        { asked: 'take the snapshots', timeoutMs: takeMs, signal },
      ),
    async backups(clusterId, signal) {
      const how = { asked: 'tell of its backups', timeoutMs: waitMs, signal }
      return (await call(ListBackups, { cluster_id: clusterId }, how)).entries
    },
    async restore(order, signal) {
      const how = { asked: 'put back the files of a backup', timeoutMs: restoreMs, signal }
      await call(RestoreBackup, restoreRequest(order), how)
    },
    async restores(snapshotId, signal) {
      const how = { asked: 'tell of its restores', timeoutMs: waitMs, signal }
      return (await call(ListRestoreStatuses, { snapshot_id: snapshotId }, how)).entries
    },
    async restoresOfRing(clusterId, signal) {
      const how = { asked: 'tell of its restores', timeoutMs: waitMs, signal }
      return (await call(ListRestoreStatuses, { cluster_id: clusterId }, how)).entries
    },
    async rings(signal) {
      return (await call(ListClusters, {}, { asked: 'tell of its rings', timeoutMs: waitMs, signal })).entries
    },
    close: () => client.close(),
  }
}
