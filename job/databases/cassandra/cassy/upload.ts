import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, messageOf } from '../../../../operation/failure.ts'
import type { Events } from '../../../process/events.ts'
import type { Storage } from '../../../storage/storage.ts'
import { CassyError, type Cassy } from './client.ts'
import { nodeSnapshot, operationStatus, type BackupEntry } from './protocol.ts'
import { bytesOf, type CassyBackup } from './stored.ts'

/** How long Cassy is waited for, ms. */
export interface CassyPatience {
  /** between two looks at an upload */
  everyMs: number
  /** between two looks at what has arrived, where Cassy says nothing new */
  lookMs: number
  /** an upload that says nothing new, and of which nothing new arrives, is given up after that */
  quietMs: number
  /** for what became of a backup whose answer was lost, while everything is paused */
  lostMs: number
}

export const usualCassyPatience: CassyPatience = {
  everyMs: 2000,
  lookMs: 60_000,
  quietMs: 1_800_000,
  lostMs: 10_000,
}

/** An upload, and who is asked about it. */
interface Upload {
  cassy: Cassy
  storage: Storage
  events: Events
  patience: CassyPatience
  signal: AbortSignal
  title: string
}

/**
 * Waits until Cassy says that every node is uploaded.
 * @throws Failure where a node failed, or nothing moves any more; the signal's reason
 */
export async function untilUploaded(
  taken: CassyBackup,
  { cassy, events, patience, signal, storage, title }: Upload,
): Promise<void> {
  const { everyMs, lookMs, quietMs } = patience
  events.say('note', `${title}: Cassy uploads the snapshots of ${taken.addresses.length} nodes`)
  let said = ''
  let arrived = 0
  let trouble: string | undefined
  let movedMs = performance.now()
  let lookedMs = movedMs
  for (;;) {
    signal.throwIfAborted()
    try {
      const states = statesOf(taken, await cassy.backups(taken.clusterId, signal))
      trouble = undefined
      const failed = states.filter(({ status }) => status === operationStatus.failed)
      if (failed.length > 0) throw notUploaded(failed.map(({ address }) => address))
      if (states.every(({ status }) => status === operationStatus.completed)) return
      const now = JSON.stringify(states)
      if (now !== said) movedMs = performance.now()
      said = now
    } catch (error) {
      if (!(error instanceof CassyError)) throw error
      if (trouble === undefined) events.say('note', messageOf(error), { level: 'warning' })
      trouble = messageOf(error)
    }
    if (performance.now() - lookedMs >= lookMs) {
      lookedMs = performance.now()
      const bytes = await bytesOf(storage, taken, signal).catch((error: unknown) => {
        signal.throwIfAborted()
        events.say('note', `${title}: ${messageOf(error)}`, { level: 'warning' })
        return arrived
      })
      if (bytes !== arrived) movedMs = lookedMs
      arrived = bytes
    }
    if (performance.now() - movedMs > quietMs) throw standsStill(said, trouble)
    await sleep(everyMs, undefined, { signal })
  }
}

/** How far each node of a backup is. */
function statesOf(
  { addresses, snapshotId }: CassyBackup,
  entries: readonly BackupEntry[],
): { address: string; status: number }[] {
  return addresses.map((address) => ({
    address,
    status:
      entries.find((one) => one.target_ip === address && one.snapshot_id === snapshotId && isOfNodes(one))?.status ??
      operationStatus.unknown,
  }))
}

/** Not an incremental one, which has the name of its snapshot (Cassy, BackupType NODE_INCREMENTAL). */
function isOfNodes({ backup_type }: BackupEntry): boolean {
  return backup_type === nodeSnapshot
}

function notUploaded(addresses: readonly string[]): Failure {
  return new Failure({
    what: `Cassy has not uploaded the snapshot of node ${addresses.join(', ')}`,
    why: 'it says that it has failed; its log says why',
    next: "see Cassy's log: its SSH login on that node, the node's disk, its rights on the bucket; then run it again",
  })
}

function standsStill(said: string, trouble: string | undefined): Failure {
  return new Failure({
    what: 'the upload by Cassy stands still',
    why:
      trouble ??
      `it says nothing new (${said}) and nothing new arrives: a Cassy that was started anew has forgotten what it did`,
    next: 'see that Cassy runs and reaches every node by SSH, then run the backup again',
  })
}
