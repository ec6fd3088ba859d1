import { cassyRunbook } from '../../../../operation/databases/cassy.ts'
import { messageOf } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { RestoreContext, RestoreDestination, RestorePlan } from '../../database.ts'
import { findingOf } from '../backup/preflight.ts'
import type { OpenSession, RingView } from '../cql.ts'
import { checkTokens, tokensOf } from '../restore/done.ts'
import { noNotes, noteRing } from '../restore/hand-over-notes.ts'
import { readCassyDetails, type CassyDetails } from './details.ts'
import { begunAt } from './restoring.ts'
import { CassyHandedOver, nodesNow } from './restored.ts'

/** A ring that is about to be handed over. It may be the ruin that the backup is needed for. */
export class CassyDestination extends CassyHandedOver implements RestoreDestination {
  readonly #context: RestoreContext

  constructor(settings: readonly StorageSettings[], entry: DatabaseBackup, context: RestoreContext, open: OpenSession) {
    super(settings, entry, context, open)
    this.#context = context
  }

  plan = async (): Promise<RestorePlan> => ({
    title: this.entry.title,
    steps: cassyRunbook(this.entry),
    loses: [this.noWayBack],
  })

  /** What is wrong with the ring is a warning: it is to be restored. What it is restored from has to be there. */
  async preflight(): Promise<Finding[]> {
    const { title } = this.entry
    const details = readCassyDetails(this.entry)
    if (this.#context.dropPrevious === true)
      return [
        {
          check: 'restore',
          subject: title,
          outcome: 'error',
          message: '--drop-previous would remove other data before this is restored',
          cure: 'leave it out, and give it with the name of the restore once that has gone on',
        },
      ]
    const findings = [await this.#bucketFinding(details), await this.#cassyFinding(details)]
    try {
      const ring = await this.ask(async (_session, view) => [
        ...checkTokens(title, view, details),
        ...movedFindings(title, view, details),
      ])
      findings.push(...ring.map(asWarning))
    } catch (error) {
      this.#context.signal.throwIfAborted()
      findings.push(asWarning(findingOf('cassandra nodes', title, error)))
    }
    return findings
  }

  verify = () => Promise.resolve()
  load = () => Promise.resolve()

  /** Notes how the ring is, right before its administrator is told what to do. */
  override async activate(journal: Journal): Promise<void> {
    this.notes = await journal.once(`hand over ${this.entry.title}`, async () => {
      const { events, signal } = this.#context
      const unasked = (who: string, error: unknown) => {
        signal.throwIfAborted()
        const text = `${who} cannot be asked: ${messageOf(error)}. Less can be checked afterwards`
        events.say('note', text, { level: 'warning' })
      }
      const ring = await this.ask(async (session, view) => ({
        ...(await noteRing(this.entry, { session, nodes: await nodesNow(session, view) })),
        answeredAt: view.members.flatMap(({ rpcAddress }) => rpcAddress ?? []),
      })).catch((error: unknown) => {
        unasked(this.entry.title, error)
        return noNotes
      })
      const details = readCassyDetails(this.entry)
      const begun = await this.askCassy(details, (cassy) => cassy.restores(details.snapshotId, signal)).then(
        (entries) => ({ earlier: begunAt(entries) }),
        (error: unknown) => {
          unasked('Cassy', error)
          return {}
        },
      )
      return { ...ring, ...begun }
    })
  }

  /** Nobody was told yet. */
  override async deactivate(): Promise<void> {}

  async #bucketFinding(details: CassyDetails): Promise<Finding> {
    const of = { check: "cassy's storage", subject: this.entry.title }
    try {
      const lacks = await this.lacks(details)
      if (lacks.length === 0) return { ...of, outcome: 'ok', message: 'it has every file of the backup' }
      return {
        ...of,
        outcome: 'error',
        message: `it has ${lacks.join('; ')}`,
        cure: 'restore another backup, or bring these files back (versions of the bucket)',
      }
    } catch (error) {
      this.#context.signal.throwIfAborted()
      return findingOf(of.check, of.subject, error)
    }
  }

  /** It is needed later alone, and may be one of the things that are to be made again first. */
  async #cassyFinding(details: CassyDetails): Promise<Finding> {
    const of = { check: 'cassy', subject: `Cassy at ${details.cassy}` }
    try {
      const rings = await this.askCassy(details, (cassy) => cassy.rings(this.#context.signal))
      if (rings.some(({ cluster_id }) => cluster_id === details.clusterId))
        return { ...of, outcome: 'ok', message: 'it answers, and knows the ring of the backup' }
      return {
        ...of,
        outcome: 'warning',
        message: `it does not know ${details.clusterId}, so it cannot put that back`,
        cure: 'give it back its database before --continue; its bucket has copies of it in metadata-backup/',
      }
    } catch (error) {
      this.#context.signal.throwIfAborted()
      const finding = asWarning(findingOf(of.check, of.subject, error))
      return { ...finding, cure: 'have it run there, with its database, before --continue' }
    }
  }
}

/** Nodes whose tokens are at another address than that of the backup: Cassy puts back a node by its address. */
function movedFindings(title: string, { members }: RingView, { nodes }: CassyDetails): Finding[] {
  const moved = nodes.flatMap(({ address, tokens }) => {
    const now = members.find((member) => tokensOf(member.tokens) === tokensOf(tokens))
    return now === undefined || now.address === address ? [] : [`node ${address} of the backup is ${now.address} now`]
  })
  if (moved.length === 0) return []
  return [
    {
      check: 'cassandra addresses',
      subject: title,
      outcome: 'warning',
      message: `${moved.join(', ')}, and Cassy puts a node back by its address`,
      cure: 'give these nodes the addresses of the backup before --continue',
    },
  ]
}

function asWarning(finding: Finding): Finding {
  return finding.outcome === 'error' ? { ...finding, outcome: 'warning' } : finding
}
