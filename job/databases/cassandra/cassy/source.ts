// Room: one Cassandra ring being backed up by Cassy: its snapshots and its uploads, inside the pause of this program.
// Read source, settings, client, protocol, register, nodes, upload, stored (what has arrived in Cassy's bucket),
// leavings; then details, destination, restored, restoring (what Cassy does of a restore), answering.

import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import { cassandra as known } from '../../../../operation/databases/cassandra.ts'
import { Failure, messageOf, whyOf } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { openStorageAt } from '../../../storage/open.ts'
import type { Storage } from '../../../storage/storage.ts'
import type { BackupContext, BackupSource, PauseMoment, Snapshot, Source } from '../../database.ts'
import { accessOf, titleOf, type Access } from '../access.ts'
import { findingOf, lostNodeText, refuseChanged } from '../backup/preflight.ts'
import { verifySnapshots } from '../backup/snapshots.ts'
import type { CqlSession, OpenSession } from '../cql.ts'
import type { RingNode } from '../ring.ts'
import type { CassyDetails } from './details.ts'
import { CassyError, openCassy, type Cassy } from './client.ts'
import { removeLeavings } from './leavings.ts'
import { operationStatus } from './protocol.ts'
import { nodesOf } from './nodes.ts'
import { register, registrationsOf, type Registered, type Ring } from './register.ts'
import type { CassySettings } from './settings.ts'
import { bytesOf, folderOf, idForm, lacksOf, type CassyBackup } from './stored.ts'
import { untilUploaded, usualCassyPatience, type CassyPatience } from './upload.ts'

/** What a later worker has to know. */
const durable = z.object({
  clusterId: z.string().regex(idForm),
  snapshotId: z.string().regex(idForm),
  addresses: z.array(z.string().regex(idForm)),
  hostIds: z.array(z.string()),
})

/** A backup of a registered ring. */
type Taken = Registered & Pick<CassyBackup, 'snapshotId'>

/**
 * A ring that Cassy backs up. It is asked for a snapshot of every node, inside our pause, and not for the backup that
 * pauses by itself: that one opens the servers at a moment that nobody else knows, so nothing could be proven of its
 * window, and leaves them closed where one of them fails (Cassy, BackupServiceMaster.takeClusterSnapshots).
 */
export class CassySource implements BackupSource {
  readonly #settings: readonly StorageSettings[]
  readonly #context: BackupContext
  readonly #open: OpenSession
  readonly #of: CassySettings
  readonly #patience: CassyPatience
  readonly #access: Access
  readonly #title: string
  readonly #cassy: Cassy
  readonly #storage: Storage
  #session: Promise<CqlSession> | undefined
  #ring: Ring | undefined
  #nodes: RingNode[] | undefined
  #registered: Registered | undefined
  #taken: (Taken & { at: string }) | undefined
  /** names of snapshots by their registrations, of all windows */
  readonly #snapshots = new Map<string, string>()
  /** registrations of which nobody knows whether a node still takes its snapshot */
  readonly #unsettled = new Set<string>()

  constructor(
    settings: readonly StorageSettings[],
    context: BackupContext,
    open: OpenSession,
    of: CassySettings,
    patience = usualCassyPatience,
  ) {
    this.#settings = settings
    this.#context = context
    this.#open = open
    this.#of = of
    this.#patience = patience
    this.#access = accessOf(settings)
    this.#title = titleOf(this.#access)
    this.#cassy = openCassy(of.address)
    this.#storage = openStorageAt(of.storage)
  }

  async describe(): Promise<Source> {
    const { tables } = await (await this.#cql()).view()
    return { title: this.#title, kind: known.name, storages: this.#storages, tables, estimatedBytes: 0 }
  }

  /** Whether every node is up, Cassy itself says when it registers the ring, still before the pause. */
  async preflight(): Promise<Finding[]> {
    return (await Promise.all([this.#ringFindings(), this.#cassyFinding(), this.#storageFinding()])).flat()
  }

  /** Has Cassy write the ring down anew: it never learns of a node or a keyspace that came later. */
  async prepare(): Promise<void> {
    const { journal, signal } = this.#context
    this.#taken = undefined
    this.#registered = undefined
    const session = await this.#cql()
    const ring = { view: await session.view(), schema: await session.describe() }
    this.#ring = ring
    this.#nodes = await this.#findNodes(ring)
    this.#registered = await register({ cassy: this.#cassy, title: this.#title, journal, signal }, ring)
  }

  async snapshot(pause?: PauseMoment): Promise<Snapshot> {
    const registered = this.#registered
    if (registered === undefined) throw new Error('snapshot() before prepare()')
    const signal = pause?.signal ?? this.#context.signal
    const at = new Date().toISOString()
    this.#unsettled.add(registered.clusterId)
    const snapshotId = await this.#take(registered, signal)
    this.#snapshots.set(registered.clusterId, snapshotId)
    // An answer that comes after its window is not that of the next.
    if (this.#registered !== registered) throw new Error('the window of this snapshot is over')
    const taken = { ...registered, snapshotId }
    // Cassy does not tell that a node has failed, nor that it lost one which goes on by itself.
    if (this.#nodes !== undefined)
      await verifySnapshots(this.#nodes, this.#ring?.view.tables ?? [], { tag: snapshotId, signal })
    this.#unsettled.delete(registered.clusterId)
    this.#taken = { ...taken, at }
    return { at, anyMoment: true, durable: { ...taken, addresses: [...taken.addresses] } }
  }

  resume({ at, durable: kept }: Snapshot): void {
    const taken = durable.parse(kept)
    this.#taken = { at, ...taken }
    this.#snapshots.set(taken.clusterId, taken.snapshotId)
  }

  async complete(): Promise<DatabaseBackup> {
    const taken = this.#taken
    if (taken === undefined) throw new Error('complete() before snapshot()')
    const { signal } = this.#context
    const { view, schema } = this.#ring ?? (await this.#ringOf(taken))
    await untilUploaded(taken, {
      cassy: this.#cassy,
      storage: this.#storage,
      events: this.#context.events,
      patience: this.#patience,
      signal,
      title: this.#title,
    })
    const [lack, ...more] = await lacksOf(this.#storage, taken, view.tables, signal)
    if (lack !== undefined && (await bytesOf(this.#storage, taken, signal)) === 0)
      throw new Failure({
        what: `nothing of Cassy's backup ${taken.snapshotId} has arrived`,
        why: `${this.#of.storage} has nothing of any node, and Cassy calls all of them completed`,
        next:
          "compare that with storage_base_uri in Cassy's settings: what it uploaded elsewhere is yours to remove " +
          `there, ${folderOf(taken)}. Where it is the same, see Cassy's log`,
      })
    if (lack !== undefined)
      throw new Failure({
        what: `Cassy's backup ${taken.snapshotId} is not whole`,
        why: `${this.#of.storage} has ${[lack, ...more].join('; ')}. Cassy calls such a node completed`,
        next:
          "see Cassy's log for that node, that nothing else clears snapshots or has Cassy back up at the same time, " +
          'and that its data is in one folder; then run the backup again',
      })
    await this.#removeVoid(taken)
    return {
      storages: this.#storages,
      kind: known.name,
      title: this.#title,
      tables: view.tables,
      snapshotAt: taken.at,
      serviceBackups: 1,
      details: {
        cluster: view.cluster,
        release: view.members[0]?.release ?? '',
        nodes: view.members.map(({ hostId, address, dataCenter, rack, tokens }) => ({
          hostId,
          address,
          dataCenter,
          rack,
          tokens,
        })),
        ...(schema === undefined ? {} : { schema }),
        lostNode: lostNodeText(view),
        cassy: this.#of.address,
        cassyStorage: this.#of.storage,
        clusterId: taken.clusterId,
        snapshotId: taken.snapshotId,
      } satisfies CassyDetails,
    }
  }

  /** @throws Failure naming what is left: Cassy itself removes nothing but with its next backup */
  async discard(): Promise<void> {
    const { flags, journal, podsIn } = this.#context
    await removeLeavings(registrationsOf(journal, this.#title), {
      title: this.#title,
      cassy: this.#cassy,
      storage: this.#storage,
      access: this.#access,
      session: () => this.#cql(),
      own: flags?.own ?? {},
      podsIn,
      nodes: this.#nodes,
      taken: this.#snapshots,
      unsettled: this.#unsettled,
    })
  }

  async close(): Promise<void> {
    this.#cassy.close()
    await (await this.#session?.catch(() => undefined))?.close()
  }

  /** All nodes, where their pods may be asked; else nobody looks at a node inside the pause. */
  async #findNodes({ view }: Ring): Promise<RingNode[] | undefined> {
    const { events, flags, podsIn, signal } = this.#context
    const own = flags?.own ?? {}
    try {
      return await nodesOf(view.members, { access: this.#access, own, podsIn, title: this.#title }, signal)
    } catch (error) {
      signal.throwIfAborted()
      const why = whyOf(error)
      events.say('note', `${unseen}: ${why}`, { level: 'warning' })
      return undefined
    }
  }

  /** @returns the name that Cassy gives to the snapshots @throws CassyError, Failure; the signal's reason */
  async #take(registered: Registered, signal: AbortSignal): Promise<string> {
    const { clusterId, addresses } = registered
    try {
      const begun = await this.#cassy.takeBackup(clusterId, signal)
      const isAll = addresses.every((address) => begun.target_ips.includes(address))
      if (isAll && idForm.test(begun.snapshot_id) && begun.status === operationStatus.started) return begun.snapshot_id
      throw new Failure({
        what: `Cassy at ${this.#of.address} has not begun the backup of every node`,
        why: `it answers with status ${begun.status} and nodes ${begun.target_ips.join(', ') || '(none)'}`,
        next: "see Cassy's log",
      })
    } catch (error) {
      if (!(error instanceof CassyError && error.isLost)) throw error
      return await this.#findTaken(registered, error, signal)
    }
  }

  /**
   * Looks what became of a backup whose answer was lost: nobody else has one of a ring that was just registered. Cassy
   * writes "started" once it has asked every node for its snapshot, so that is as good as the answer.
   */
  async #findTaken({ clusterId, addresses }: Registered, lost: CassyError, signal: AbortSignal): Promise<string> {
    const endsMs = performance.now() + this.#patience.lostMs
    for (;;) {
      signal.throwIfAborted()
      const entries = await this.#cassy.backups(clusterId, signal).catch((error: unknown) => {
        if (error instanceof CassyError) return []
        throw error
      })
      const [first] = entries
      if (entries.some(({ status }) => status === operationStatus.failed)) throw lost
      const isBegun = (address: string) =>
        entries.some(({ target_ip, status }) => target_ip === address && status >= operationStatus.started)
      if (first !== undefined && idForm.test(first.snapshot_id) && addresses.every(isBegun)) return first.snapshot_id
      if (performance.now() > endsMs) throw lost
      await sleep(lostPaceMs, undefined, { signal })
    }
  }

  /**
   * The ring of a backup that an earlier worker has begun.
   * @throws Failure where a node came or went since: Cassy has no part of it, and the record would tell of another ring
   */
  async #ringOf({ hostIds }: Taken): Promise<Ring> {
    const session = await this.#cql()
    const ring = { view: await session.view(), schema: await session.describe() }
    refuseChanged(this.#title, hostIds, ring.view.members)
    return ring
  }

  /** What Cassy has uploaded of windows that were void; their snapshots went with its next backup. */
  async #removeVoid({ clusterId }: CassyBackup): Promise<void> {
    const { events, journal } = this.#context
    const others = registrationsOf(journal, this.#title).filter((one) => one.clusterId !== clusterId)
    for (const other of others)
      await this.#storage.delete(`node-backup/${other.clusterId}`).catch((error: unknown) =>
        events.say('note', `node-backup/${other.clusterId} of a void pause is left: ${messageOf(error)}`, {
          level: 'warning',
        }),
      )
  }

  async #ringFindings(): Promise<Finding[]> {
    const of = { check: 'database connection', subject: this.#title }
    try {
      const view = await (await this.#cql()).view()
      const found = `${view.tables.length} tables in cluster ${view.cluster}, Cassandra ${view.members[0]?.release}`
      if (view.tables.length === 0)
        return [{ ...of, outcome: 'error', message: 'it has no table', cure: 'check scalar.db.contact_points' }]
      return [
        { ...of, outcome: 'ok', message: found },
        { check: 'cassandra, one node lost', subject: this.#title, outcome: 'ok', message: lostNodeText(view) },
      ]
    } catch (error) {
      this.#context.signal.throwIfAborted()
      return [findingOf(of.check, of.subject, error)]
    }
  }

  async #cassyFinding(): Promise<Finding> {
    const subject = `Cassy at ${this.#of.address}`
    try {
      await this.#cassy.look(this.#context.signal)
      return { check: 'cassy', subject, outcome: 'ok', message: 'it answers' }
    } catch (error) {
      this.#context.signal.throwIfAborted()
      return findingOf('cassy', subject, error)
    }
  }

  async #storageFinding(): Promise<Finding> {
    const of = { check: "cassy's storage", subject: this.#of.storage }
    try {
      for await (const _ of this.#storage.list('node-backup')) break
      return { ...of, outcome: 'ok', message: 'what Cassy uploads there can be listed' }
    } catch (error) {
      this.#context.signal.throwIfAborted()
      return findingOf(of.check, of.subject, error)
    }
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

const unseen =
  'nobody looks at the nodes inside the pause, so a node that goes on with its snapshot after Cassy has lost it is ' +
  'not noticed'

/** Between two looks for a lost answer, ms. */
const lostPaceMs = 200
