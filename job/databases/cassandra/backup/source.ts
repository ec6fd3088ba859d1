// Room: one Cassandra ring being backed up.
// Read source, preflight, snapshots, clear.

import * as z from 'zod'
import { Failure, messageOf } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { cassandra as known } from '../../../../operation/databases/cassandra.ts'
import type { PodsElsewhere } from '../../../kubernetes/elsewhere/pods-elsewhere.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { BackupContext, BackupSource, PauseMoment, Snapshot, Source } from '../../database.ts'
import { accessOf, namespaceOf, titleOf, type Access } from '../access.ts'
import type { CqlSession, OpenSession, RingView } from '../cql.ts'
import type { Details } from '../details.ts'
import { checkMedusa, deleteFromMedusa, lackOf, readMedusa, upload, type Medusa } from '../medusa.ts'
import { findRing, type FoundRing, type RingPods } from '../ring.ts'
import {
  checkContactPoints,
  checkRights,
  checkRing,
  findingOf,
  lostNodeText,
  noPods,
  refuseChanged,
} from './preflight.ts'
import {
  clearSnapshots,
  newTag,
  tagsOf,
  takeSnapshots,
  usualLateLook,
  verifySnapshots,
  type LateLook,
} from './snapshots.ts'

/** What a later worker has to know: the snapshot's name, and whose nodes it is on. */
const durable = z.object({ tag: z.string(), hostIds: z.array(z.string()) })

/** For a snapshot, ms: it flushes what is in memory, then links files. The pause's own end comes before that. */
const snapshotMs = 120_000

/** A ring, its pods, and what it says of itself. */
interface Ring extends FoundRing {
  view: RingView
  schema: string[] | undefined
}

/** A ring being backed up: a snapshot on every node inside the pause, looked at on every node after it. */
export class CassandraSource implements BackupSource {
  readonly #settings: readonly StorageSettings[]
  readonly #context: BackupContext
  readonly #open: OpenSession
  readonly #late: LateLook
  readonly #access: Access
  readonly #title: string
  /** how all snapshots of this operation begin */
  readonly #tags: string
  #session: Promise<CqlSession> | undefined
  #ring: Ring | undefined
  #taken: { tag: string; at: string; hostIds: string[] } | undefined
  #isResumed = false
  /** pods that may still be taking a snapshot: nobody knows how its nodetool ended */
  readonly #unsettled = new Set<string>()

  constructor(settings: readonly StorageSettings[], context: BackupContext, open: OpenSession, late = usualLateLook) {
    this.#settings = settings
    this.#context = context
    this.#open = open
    this.#late = late
    this.#access = accessOf(settings)
    this.#title = titleOf(this.#access)
    this.#tags = tagsOf(context.operation, context.createdAt ?? new Date(0).toISOString())
  }

  async describe(): Promise<Source> {
    const { tables } = await (await this.#cql()).view()
    return { title: this.#title, kind: known.name, storages: this.#storages, tables, estimatedBytes: 0 }
  }

  async preflight(): Promise<Finding[]> {
    const title = this.#title
    const findings: Finding[] = []
    let view: RingView
    try {
      view = await (await this.#cql()).view()
    } catch (error) {
      return [findingOf('database connection', title, error)]
    }
    findings.push({
      check: 'database connection',
      subject: title,
      outcome: view.tables.length > 0 ? 'ok' : 'error',
      message:
        view.tables.length > 0
          ? `${view.tables.length} tables in cluster ${view.cluster}, Cassandra ${view.members[0]?.release}`
          : 'it has no table',
      ...(view.tables.length > 0 ? {} : { cure: 'check that scalar.db.contact_points names the right cluster' }),
    })
    try {
      const pods = this.#pods()
      const [medusa, at] = [this.#medusa, this.#at]
      const { signal } = this.#context
      const rights = await checkRights(title, pods, { at, medusa, signal })
      findings.push(rights)
      if (rights.outcome === 'error') return findings
      const found = await findRing(pods, view.members, at, signal)
      const ring = checkRing(title, view, found)
      findings.push(...ring, ...checkContactPoints(title, this.#access.hosts, found))
      if (medusa !== undefined && ring.every(({ outcome }) => outcome !== 'error'))
        findings.push(...(await checkMedusa(title, pods, found.nodes, { medusa, signal })))
    } catch (error) {
      this.#context.signal.throwIfAborted()
      findings.push(findingOf('cassandra nodes', title, error))
    }
    return findings
  }

  /** Clears what earlier windows and workers of this operation have left. */
  async prepare(): Promise<void> {
    this.#taken = undefined
    this.#ring = await this.#wholeRing()
    await this.#clear(this.#ring, this.#context.signal)
  }

  async snapshot(pause?: PauseMoment): Promise<Snapshot> {
    const ring = this.#ring
    if (ring === undefined) throw new Error('snapshot() before prepare()')
    const tag = newTag(this.#tags)
    const at = new Date().toISOString()
    const taken = { tag, at, hostIds: ring.nodes.map(({ hostId }) => hostId) }
    this.#taken = taken
    const signal = pause?.signal ?? this.#context.signal
    await takeSnapshots(ring.nodes, tag, { timeoutMs: snapshotMs, signal, unsettled: this.#unsettled })
    // An answer that comes after its window is not that of the next.
    if (this.#taken !== taken) throw new Error('the window of this snapshot is over')
    return { at, anyMoment: true, durable: { tag, hostIds: taken.hostIds } }
  }

  resume({ at, durable: kept }: Snapshot): void {
    this.#taken = { at, ...durable.parse(kept) }
    this.#isResumed = true
  }

  async complete(): Promise<DatabaseBackup> {
    const taken = this.#taken
    if (taken === undefined) throw new Error('complete() before snapshot()')
    const { tag, at } = taken
    const { signal } = this.#context
    const pods = this.#pods()
    const now = await this.#wholeRing()
    refuseChanged(this.#title, taken.hostIds, now.nodes)
    // The tables and the schema are those of before the pause, where this worker has seen them.
    const { view, schema } = this.#ring ?? now
    const medusa = this.#medusa
    // A worker that was killed later may have cleared the snapshots of a backup that is whole.
    if (medusa === undefined || !(await this.#isUploaded(medusa, now))) {
      await verifySnapshots(now.nodes, view.tables, { tag, signal })
      // One that was answered late belongs to no window.
      for (const node of now.nodes) await clearSnapshots(node, this.#tags, { signal, keep: tag })
      signal.throwIfAborted()
      if (medusa !== undefined) await this.#upload(medusa, now)
    }
    if (medusa !== undefined) await this.#clearUploaded(now)
    const details = {
      namespace: pods.namespace,
      selector: now.selector,
      ...(this.#at.clientSecret === undefined ? {} : { clientSecret: this.#at.clientSecret }),
      cluster: view.cluster,
      release: view.members[0]?.release ?? '',
      tag,
      nodes: now.nodes.map(({ hostId, address, dataCenter, rack, pod, tokens }) => ({
        hostId,
        address,
        dataCenter,
        rack,
        pod,
        tokens,
      })),
      ...(schema === undefined ? {} : { schema }),
      lostNode: lostNodeText(view),
      ...(medusa === undefined ? {} : { medusa: { ...medusa, ...datacenterOf(now) } }),
    }
    return {
      storages: this.#storages,
      kind: known.name,
      title: this.#title,
      tables: view.tables,
      snapshotAt: at,
      serviceBackups: medusa === undefined ? now.nodes.length : 1,
      details: details satisfies Details,
    }
  }

  async discard(): Promise<void> {
    // What has stopped the backup does not stop this.
    const signal = AbortSignal.timeout(discardMs)
    const ring = await this.#lookAtRing(signal).catch((error: unknown) => {
      // A ring of which a node has ended may let nobody in; commands still run in the pods that were found.
      if (this.#ring === undefined) throw error
      return this.#ring
    })
    const [cleared, deleted] = await Promise.allSettled([this.#clear(ring, signal), this.#deleteUploaded(ring, signal)])
    if (cleared.status === 'fulfilled' && deleted.status === 'fulfilled') return
    const failed = [cleared, deleted].flatMap((one) => (one.status === 'rejected' ? [failureOf(one.reason)] : []))
    throw new Failure({
      what: failed.map(({ what }) => what).join(', and '),
      why: failed.map(({ why }) => why).join('; '),
      next: failed.map(({ next }) => next).join('; '),
    })
  }

  async close(): Promise<void> {
    await (await this.#session?.catch(() => undefined))?.close()
  }

  /** What `--cassandra-medusa` says; undefined where snapshots stay on their nodes. */
  get #medusa(): Medusa | undefined {
    return readMedusa(this.#context.flags?.own?.['cassandra-medusa'])
  }

  async #isUploaded(medusa: Medusa, { nodes }: Ring): Promise<boolean> {
    const [first] = nodes
    if (first === undefined || this.#taken === undefined || !this.#isResumed) return false
    const { signal } = this.#context
    return (await lackOf(this.#pods(), first.pod, { name: this.#taken.tag, medusa, signal })) === undefined
  }

  /** Has Medusa copy what was snapshotted, and verify all of it. @throws Failure where a file of a node is not there */
  async #upload(medusa: Medusa, { nodes }: Ring): Promise<void> {
    const [first] = nodes
    if (first === undefined || this.#taken === undefined) throw new Error('upload before snapshot()')
    const { events, signal } = this.#context
    const how = { name: this.#taken.tag, medusa, signal }
    events.say('note', `${this.#title}: Medusa copies the snapshots of ${nodes.length} nodes`)
    await upload(this.#pods(), nodes, how)
    const lack = await lackOf(this.#pods(), first.pod, how)
    signal.throwIfAborted()
    if (lack !== undefined)
      throw new Failure({
        what: `Medusa's backup ${how.name} is not whole`,
        why: lack,
        next: 'see what Medusa says of it: medusa status --backup-name, then run the backup again',
      })
  }

  /**
   * Has Medusa delete what it has of a backup that is given up; any of its pods can.
   * @throws Failure where none does
   */
  async #deleteUploaded({ nodes }: Ring, signal: AbortSignal): Promise<void> {
    const medusa = this.#medusa
    if (medusa === undefined || this.#taken === undefined) return
    let failure: unknown
    for (const { pod } of nodes)
      try {
        await deleteFromMedusa(this.#pods(), pod, { beginning: this.#tags, medusa, signal })
        return
      } catch (error) {
        failure ??= error
      }
    if (failure === undefined) return
    const { why, next } = failureOf(failure)
    throw new Failure({ what: `Medusa may have a part of ${this.#tags} left`, why, next })
  }

  /** Medusa has the data: the nodes need not keep it. One that stays is named, and does not spoil the backup. */
  async #clearUploaded(ring: Ring): Promise<void> {
    const { events, signal } = this.#context
    try {
      await this.#clear(ring, signal)
    } catch (error) {
      signal.throwIfAborted()
      const { why = messageOf(error), next = '' } = error instanceof Failure ? error : {}
      events.say('note', `Medusa has the data; snapshots of it may be left: ${why}; ${next}`, { level: 'warning' })
    }
  }

  /** Clears every snapshot of this operation. @throws Failure naming the nodes where one may be left */
  async #clear({ nodes, troubles }: Ring, signal: AbortSignal): Promise<void> {
    const cleared = await Promise.allSettled(
      nodes.map(async (node) => {
        const late = this.#unsettled.has(node.pod) ? this.#late : undefined
        await clearSnapshots(node, this.#tags, { signal, late })
        this.#unsettled.delete(node.pod)
      }),
    )
    const left = cleared.flatMap((one, index) =>
      one.status === 'rejected' ? [`${nodes[index]?.pod}: ${messageOf(one.reason)}`] : [],
    )
    if (left.length + troubles.length === 0) return
    throw new Failure({
      what: `snapshots of ${this.#title} may be left`,
      why: [...left, ...troubles].join('; '),
      next:
        `once these nodes serve, look with nodetool listsnapshots for names that begin with ${this.#tags} ` +
        'and clear them with nodetool clearsnapshot -t NAME',
    })
  }

  async #wholeRing(): Promise<Ring> {
    const ring = await this.#lookAtRing(this.#context.signal)
    const [error] = checkRing(this.#title, ring.view, ring).filter(({ outcome }) => outcome === 'error')
    if (error === undefined) return ring
    throw new Failure({
      what: `the backup of ${this.#title} cannot go on`,
      why: error.message,
      next: error.cure ?? 'see `nodetool status`',
    })
  }

  async #lookAtRing(signal: AbortSignal): Promise<Ring> {
    const session = await this.#cql()
    const [view, schema] = [await session.view(), await session.describe()]
    return { view, schema, ...(await findRing(this.#pods(), view.members, this.#at, signal)) }
  }

  /** The namespace of the flag, else that of the Service that the release names, else its own. */
  #pods(): PodsElsewhere {
    const { flags, podsIn } = this.#context
    const pods = podsIn?.(flags?.own?.['cassandra-namespace'] ?? namespaceOf(this.#access))
    if (pods === undefined) throw noPods(this.#title)
    return pods
  }

  get #at(): RingPods {
    const own = this.#context.flags?.own ?? {}
    return { selector: own['cassandra-selector'], clientSecret: own['cassandra-client-secret'] }
  }

  get #storages(): string[] {
    return this.#settings.map(({ storage }) => storage)
  }

  async #cql(): Promise<CqlSession> {
    this.#session ??= this.#open(this.#access)
    try {
      return await this.#session
    } catch (error) {
      this.#session = undefined
      throw error
    }
  }
}

/** For clearing all nodes of a backup that is given up, ms. */
const discardMs = 180_000

function failureOf(error: unknown): Pick<Failure, 'what' | 'why' | 'next'> {
  return error instanceof Failure ? error : { what: 'it failed', why: messageOf(error), next: 'run it with -v' }
}

function datacenterOf({ nodes }: Ring): { datacenter?: string } {
  const datacenter = nodes.find((node) => node.datacenter !== undefined)?.datacenter
  return datacenter === undefined ? {} : { datacenter }
}
