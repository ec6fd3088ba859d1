import { printable } from '../../../operation/text/printable.ts'
import type { CommandLimits, CommandResult, PodsElsewhere } from '../../kubernetes/elsewhere/pods-elsewhere.ts'
import { askLimits, ToolFailed, type ListedSnapshot, type NodeControl, type NodeStatus } from './node-control.ts'

/** A pod that Cassandra runs in, and the container. */
export interface CassandraPod {
  pod: string
  container: string
}

/** What Java itself says on standard error where nothing is wrong. */
const harmless = /^(Picked up |OpenJDK .*warning|Java HotSpot.*warning|WARNING:|WARN\b|INFO\b|DEBUG\b|SLF4J|\s*$)/
const trouble = /^(error|nodetool|ERROR)\b|exception|fail|fatal|not enough|no space|unable|cannot|refused/i

/** A node by nodetool in its pod. */
export function byNodetool(pods: PodsElsewhere, at: CassandraPod): NodeControl {
  return {
    async look(signal) {
      const info = await nodetool(pods, at, ['info'], askLimits(signal))
      const status = await nodetool(pods, at, ['status'], askLimits(signal))
      return { hostId: readHostId(info), generation: readGeneration(info), status: readStatus(status) }
    },
    async takeSnapshot(tag, limits) {
      await nodetool(pods, at, ['snapshot', '-t', tag], limits)
    },
    async listSnapshots(beginning, signal) {
      return readSnapshots(await nodetool(pods, at, ['listsnapshots'], askLimits(signal)), beginning)
    },
    async clearSnapshot(tag, signal) {
      await nodetool(pods, at, ['clearsnapshot', '-t', tag], askLimits(signal))
    },
  }
}

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

/**
 * Runs nodetool in a pod and judges it by more than its exit code: it says `nodetool: Keyspace … does not exist` on
 * standard output, and errors of the node on standard error.
 * @returns what it said on standard output
 * @throws ToolFailed with the words that tell; Failure where nobody knows how it ended; the signal's reason
 */
export async function nodetool(
  pods: PodsElsewhere,
  { pod, container }: CassandraPod,
  args: readonly string[],
  limits: CommandLimits,
): Promise<string> {
  const result = await pods.run(pod, container, ['nodetool', ...args], limits)
  const why = troubleOf(result)
  if (why === undefined) return result.stdout
  throw new ToolFailed({
    what: `nodetool ${args[0]} failed in pod ${pod}`,
    why,
    next:
      result.exitCode === 126 || result.exitCode === 127
        ? `name the pods that Cassandra runs in: --cassandra-selector`
        : `see the log of Cassandra: kubectl logs ${pod} -c ${container} -n ${pods.namespace}`,
  })
}

function troubleOf({ exitCode, stdout, stderr }: CommandResult): string | undefined {
  const said = [
    ...stderr.split('\n').filter((line) => !harmless.test(line) && trouble.test(line)),
    ...stdout.split('\n').filter((line) => /^(nodetool: |error: )/.test(line)),
  ]
  if (exitCode === 0 && said.length === 0) return undefined
  const words = said[0] ?? stderr.split('\n').findLast((line) => line.trim() !== '') ?? 'it says nothing'
  return `exit code ${exitCode}: ${printable(words.trim()).slice(0, 500)}`
}

/** The id that a node has in its ring (`nodetool info`); undefined where it does not say. */
export function readHostId(info: string): string | undefined {
  return new RegExp(`^ID\\s*:\\s*(${uuid})`, 'm').exec(info)?.[1]
}

/** When a node was last started, as its gossip says: it grows with each start (`nodetool info`, Generation No). */
export function readGeneration(info: string): number | undefined {
  const generation = Number(/^Generation No\s*:\s*(\d+)/m.exec(info)?.[1] ?? 0)
  return generation > 0 ? generation : undefined
}

/** The nodes of every data centre (`nodetool status`). */
export function readStatus(status: string): NodeStatus[] {
  const line = new RegExp(`^([UD?][NLJM?])\\s+(\\S+)\\s.*\\b(${uuid})\\b`)
  return status.split('\n').flatMap((text) => {
    const [, state = '', address = '', hostId = ''] = line.exec(text) ?? []
    return hostId === '' ? [] : [{ state, address, hostId }]
  })
}

/** The snapshots of a node whose tags begin so (`nodetool listsnapshots`). */
export function readSnapshots(list: string, beginning: string): ListedSnapshot[] {
  return list.split('\n').flatMap((text) => {
    if (!text.startsWith(beginning)) return []
    const [tag = '', schema = '', table = ''] = text.split(/\s+/)
    return [{ tag, schema, table }]
  })
}
