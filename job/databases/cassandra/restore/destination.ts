import { runbookOf } from '../../../../operation/databases/cassandra.ts'
import type { Finding } from '../../../../operation/finding.ts'
import { messageOf } from '../../../../operation/failure.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { RestoreContext, RestoreDestination, RestorePlan } from '../../database.ts'
import { checkRights, checkRing, findingOf, noPods } from '../backup/preflight.ts'
import type { OpenSession } from '../cql.ts'
import { readDetails, type Details } from '../details.ts'
import { lackOf } from '../medusa.ts'
import { checkTokens } from './done.ts'
import { noNotes, noteRing, type Notes } from './hand-over-notes.ts'
import { HandedOver } from './handed-over.ts'
import { withRing, type RestoredRing, type RingNow } from './with-ring.ts'

/** A ring that is about to be handed over. It may be the ruin that the backup is needed for. */
export class CassandraDestination extends HandedOver implements RestoreDestination {
  readonly #ring: RestoredRing & { context: RestoreContext }

  constructor(settings: readonly StorageSettings[], entry: DatabaseBackup, context: RestoreContext, open: OpenSession) {
    super(settings, entry, context, open)
    this.#ring = { settings, entry, context, open }
  }

  plan = async (): Promise<RestorePlan> => ({
    title: this.entry.title,
    steps: runbookOf(this.entry),
    loses: [this.noWayBack],
  })

  /** What is wrong with the ring is a warning: it is to be restored. This program's own part has to be right. */
  async preflight(): Promise<Finding[]> {
    const { title } = this.entry
    const { context } = this.#ring
    const { namespace, selector, clientSecret, medusa } = readDetails(this.entry)
    const pods = context.podsIn?.(namespace)
    try {
      if (pods === undefined) throw noPods(title)
      const rights = await checkRights(title, pods, {
        at: { selector, clientSecret },
        medusa,
        signal: context.signal,
      })
      if (rights.outcome === 'error') return [rights]
    } catch (error) {
      context.signal.throwIfAborted()
      return [findingOf('rights', title, error)]
    }
    if (context.dropPrevious === true)
      return [
        {
          check: 'restore',
          subject: title,
          outcome: 'error',
          message: '--drop-previous would remove other data before this is restored',
          cure: 'leave it out, and give it with the name of the restore once that has gone on',
        },
      ]
    try {
      const findings = await withRing(this.#ring, (ring) => this.#look(ring))
      return findings.map((one) => (one.outcome === 'error' ? { ...one, outcome: 'warning' } : one))
    } catch (error) {
      context.signal.throwIfAborted()
      return [{ ...findingOf('cassandra nodes', title, error), outcome: 'warning' }]
    }
  }

  verify = () => Promise.resolve()
  load = () => Promise.resolve()

  /** Notes how the ring is, right before its administrator is told what to do. */
  override async activate(journal?: Journal): Promise<void> {
    this.notes = await journal?.once<Notes>(`hand over ${this.entry.title}`, async () => {
      try {
        return await withRing(this.#ring, ({ session, found }) => noteRing(this.entry, { session, nodes: found.nodes }))
      } catch (error) {
        const { events, signal } = this.#ring.context
        signal.throwIfAborted()
        events.say('note', `${this.entry.title} cannot be asked: ${messageOf(error)}. Less can be checked afterwards`, {
          level: 'warning',
        })
        return noNotes
      }
    })
  }

  /** Nobody was told yet. */
  override async deactivate(): Promise<void> {}

  async #look({ view, found, pods }: RingNow): Promise<Finding[]> {
    const { title } = this.entry
    const details = readDetails(this.entry)
    return [
      ...checkRing(title, view, found).filter(({ check }) => check === 'cassandra nodes'),
      ...checkTokens(title, view, details),
      await this.#lookAtData(details, { found, pods }),
    ]
  }

  /** Whether what is put back is where the record says that it is. */
  async #lookAtData({ medusa, tag }: Details, { found, pods }: Pick<RingNow, 'found' | 'pods'>): Promise<Finding> {
    const { signal } = this.#ring.context
    const [first] = found.nodes
    if (medusa !== undefined && first !== undefined) {
      const lack = await lackOf(pods, first.pod, { name: tag, medusa, signal })
      const message = lack === undefined ? `Medusa has all files of ${tag}` : `Medusa's backup ${tag}: ${lack}`
      return { check: 'medusa', subject: this.entry.title, outcome: lack === undefined ? 'ok' : 'warning', message }
    }
    const without: string[] = []
    for (const node of found.nodes) {
      if ((await node.control.listSnapshots(tag, signal)).length === 0)
        without.push(`node ${node.address} (${node.pod})`)
    }
    const of = { check: 'cassandra snapshots', subject: this.entry.title }
    if (without.length === 0) return { ...of, outcome: 'ok', message: `${tag} is on every node that answers` }
    return { ...of, outcome: 'warning', message: `${without.join(', ')} has ${tag} no more: take your copy of it` }
  }
}
