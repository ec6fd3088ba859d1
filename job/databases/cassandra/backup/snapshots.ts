import { setTimeout as sleep } from 'node:timers/promises'
import { compactTime } from '../../../../operation/time.ts'
import { Failure, whyOf } from '../../../../operation/failure.ts'
import type { CommandLimits } from '../../../kubernetes/elsewhere/pods-elsewhere.ts'
import { ToolFailed } from '../node-control.ts'
import type { RingNode } from '../ring.ts'

/** How every snapshot of an operation begins: its name, and its time, since a name is free again once it is deleted. */
export function tagsOf(operation: string, createdAt: string): string {
  return `${operation}.${compactTime(Date.parse(createdAt))}.`
}

/** A name of this window alone: what is answered late is never taken for another window's. */
export function newTag(beginning: string): string {
  return beginning + Date.now().toString(36)
}

/**
 * Takes a snapshot of every keyspace on every node at once: of Cassandra's own as well, which hold the state of
 * lightweight transactions and the schema. Answers at the first node that fails, so that the pause ends.
 * @param unsettled gets the pods of which nobody knows whether they take the snapshot yet
 * @throws Failure where one fails; the signal's reason
 */
export async function takeSnapshots(
  nodes: readonly RingNode[],
  tag: string,
  { timeoutMs, signal, unsettled }: CommandLimits & { unsettled: Set<string> },
): Promise<void> {
  const end = new AbortController()
  const limits = { timeoutMs, signal: AbortSignal.any([signal, end.signal]) }
  for (const { pod } of nodes) unsettled.add(pod)
  try {
    await Promise.all(
      nodes.map(async (node) => {
        try {
          await node.control.takeSnapshot(tag, limits)
          unsettled.delete(node.pod)
        } catch (error) {
          limits.signal.throwIfAborted()
          if (error instanceof ToolFailed) unsettled.delete(node.pod)
          throw new Failure(
            {
              what: `no snapshot was taken of node ${node.address} (pod ${node.pod})`,
              why: whyOf(error),
              next: error instanceof Failure ? error.next : 'see the log of Cassandra on that node',
            },
            { cause: error },
          )
        }
      }),
    )
  } finally {
    end.abort(new Error('another node has failed'))
  }
}

/**
 * Looks on every node for the snapshot of every table.
 * @throws Failure where one is not there; the signal's reason
 */
export async function verifySnapshots(
  nodes: readonly RingNode[],
  tables: readonly { schema: string; name: string }[],
  { tag, signal }: { tag: string; signal: AbortSignal },
): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      const listed = await node.control.listSnapshots(tag, signal)
      const has = new Set(listed.filter((one) => one.tag === tag).map(({ schema, table }) => `${schema}.${table}`))
      const missing = tables.map(({ schema, name }) => `${schema}.${name}`).filter((table) => !has.has(table))
      const [first, ...more] = missing
      if (first === undefined) return
      throw new Failure({
        what: `the snapshot ${tag} is not whole on node ${node.address} (pod ${node.pod})`,
        why:
          has.size === 0
            ? 'it is not there'
            : `it has nothing of ${first}${more.length === 0 ? '' : ` and ${more.length} more tables`}`,
        next: 'look who clears snapshots or changes tables there, then run the backup again',
      })
    }),
  )
}

/** How long a snapshot that nobody knows the end of is looked for, ms: the node goes on without who asked. */
export interface LateLook {
  forMs: number
  everyMs: number
}

export const usualLateLook: LateLook = { forMs: 20_000, everyMs: 2000 }

/**
 * Clears the snapshots of an operation from one node, and looks that they are gone. Whatever it meets done already
 * changes nothing.
 * @param keep the one that stays
 * @param late where a snapshot may still come
 * @throws Failure where one stays; the signal's reason
 */
export async function clearSnapshots(
  { pod, control }: Pick<RingNode, 'pod' | 'control'>,
  beginning: string,
  { signal, keep, late }: { signal: AbortSignal; keep?: string | undefined; late?: LateLook | undefined },
): Promise<string[]> {
  const cleared = new Set<string>()
  const endsMs = performance.now() + (late?.forMs ?? 0)
  for (let looks = 1; ; looks += 1) {
    const tags = new Set((await control.listSnapshots(beginning, signal)).map(({ tag }) => tag))
    if (keep !== undefined) tags.delete(keep)
    const isOver = performance.now() >= endsMs
    if (tags.size === 0 && isOver) return [...cleared]
    if (tags.size > 0 && isOver && looks > 3)
      throw new Failure({
        what: `snapshots of node ${pod} could not be cleared`,
        why: `${[...tags].join(', ')} stays`,
        next: `clear it with nodetool in that pod: nodetool clearsnapshot -t ${[...tags][0]}`,
      })
    for (const tag of tags) {
      await control.clearSnapshot(tag, signal)
      cleared.add(tag)
    }
    if (tags.size === 0) await sleep(late?.everyMs ?? 0, undefined, { signal })
  }
}
