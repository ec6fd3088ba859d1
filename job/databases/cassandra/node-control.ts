import { Failure } from '../../../operation/failure.ts'
import type { CommandLimits } from '../../kubernetes/elsewhere/pods-elsewhere.ts'

/** A node as another sees it: `UN` is up and normal, the letters are those of `nodetool status`. */
export interface NodeStatus {
  hostId: string
  address: string
  state: string
}

/** What of a table a snapshot has. */
export interface ListedSnapshot {
  tag: string
  schema: string
  table: string
}

/** A node as it tells of itself, and how it sees the others. */
export interface NodeLook {
  /** the id that it has in its ring; undefined where it does not say */
  hostId: string | undefined
  /** when it was last started, as its gossip says: it grows with each start; undefined where it does not say */
  generation: number | undefined
  status: NodeStatus[]
}

/** One node, asked and told by what its pod has for that: k8ssandra's management API, else nodetool. */
export interface NodeControl {
  /** @throws Failure where it does not answer; the signal's reason */
  look(signal: AbortSignal): Promise<NodeLook>
  /**
   * Takes a snapshot of every keyspace.
   * @throws ToolFailed where it was not taken; Failure where nobody knows how it ended; the signal's reason
   */
  takeSnapshot(tag: string, limits: CommandLimits): Promise<void>
  /** Those whose tags begin so. @throws Failure where it does not answer; the signal's reason */
  listSnapshots(beginning: string, signal: AbortSignal): Promise<ListedSnapshot[]>
  /** Clears one of all keyspaces; one that is not there changes nothing. @throws Failure; the signal's reason */
  clearSnapshot(tag: string, signal: AbortSignal): Promise<void>
}

/** A node did to its end what it was told, and it is not what was asked for. */
export class ToolFailed extends Failure {}

/** For a question that a node answers at once, ms; starting nodetool itself may take seconds on a busy node. */
const askMs = 60_000

export function askLimits(signal: AbortSignal): CommandLimits {
  return { timeoutMs: askMs, signal }
}
