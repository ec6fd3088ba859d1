import type { JournalDocument } from '../../../operation/journal.ts'
import type { InMemoryCluster } from './in-memory-cluster.ts'

/** A moment in a step: it is begun, which is durable, and has not acted; or it has acted, and its result is lost. */
export interface Moment {
  step: string
  at: 'begun' | 'acted'
}

/** When a worker is killed. */
export interface Death {
  /** asked at each moment of each step that this worker does: it is killed where the answer is true */
  dies?: (moment: Moment) => boolean
  /** or it is killed at the first write of its journal at which this is so */
  until?: () => boolean
  /** whether that write still reaches the cluster */
  lastWriteKept?: boolean
}

/**
 * The cluster as a worker sees it that is killed at some write of its journal: nothing that it asks afterwards reaches
 * anybody.
 */
export function mortalCluster(
  cluster: InMemoryCluster,
  { dies = () => false, until = () => false, lastWriteKept = true }: Death,
  die: () => void,
) {
  let dead = false
  const refuse = () => Promise.reject(new Error('the worker is dead'))
  const passes = momentsOf()
  const mortal = new Proxy(cluster, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property)
      if (typeof value !== 'function') return value
      if (dead) return refuse
      if (property !== 'writeJournal') return value.bind(target)
      return async (journal: JournalDocument) => {
        const last = passes(journal).find((moment) => dies(moment))
        const isLast = last !== undefined || until()
        if (!isLast) return await cluster.writeJournal(journal)
        if (last === undefined ? lastWriteKept : last.at === 'begun') await cluster.writeJournal(journal)
        dead = true
        cluster.held.clear()
        die()
        throw new Error('the worker is dead')
      }
    },
  })
  return { cluster: mortal, isDead: () => dead }
}

/** @returns tells which moments came with each further write of a journal */
function momentsOf(): (journal: JournalDocument) => Moment[] {
  const seen = new Set<string>()
  return ({ steps }) =>
    steps.flatMap(({ name: step, finishedAt }) => {
      const at = finishedAt === undefined ? 'begun' : 'acted'
      if (seen.has(`${at} ${step}`)) return []
      seen.add(`${at} ${step}`)
      return [{ step, at } as const]
    })
}
