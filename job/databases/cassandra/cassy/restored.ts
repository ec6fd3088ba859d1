import * as z from 'zod'
import { cassyRunbook } from '../../../../operation/databases/cassy.ts'
import { Failure, messageOf } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { openStorageAt } from '../../../storage/open.ts'
import type {
  DatabaseContext,
  RestoreContext,
  RestoredData,
  RestoreDestination,
  RestorePlan,
  UndoContext,
} from '../../database.ts'
import { accessOf } from '../access.ts'
import { findingOf } from '../backup/preflight.ts'
import type { CqlSession, OpenSession, RingView } from '../cql.ts'
import { checkSchema, checkTokens, checkWitnesses } from '../restore/done.ts'
import { noNotes, noteRing, readNotes, type Notes } from '../restore/hand-over-notes.ts'
import { openCassy } from './client.ts'
import { readCassyDetails, type CassyDetails } from './details.ts'
import { operationStatus, type RestoreEntry } from './protocol.ts'
import { lacksOf } from './stored.ts'

/** What was noted of Cassy when the ring was handed over. */
const cassyNotes = z.object({
  /** when the newest by then was begun, ms since the epoch by Cassy's clock; absent where it could not be asked */
  lastRestoreMs: z.number().optional(),
})

/** A ring that an administrator and Cassy restore, after a restore has stopped the releases and told what to do. */
export class CassyHandedOver implements RestoredData {
  readonly noWayBack: string
  protected readonly entry: DatabaseBackup
  protected readonly settings: readonly StorageSettings[]
  protected readonly context: DatabaseContext
  protected readonly open: OpenSession
  protected notes: (Notes & z.infer<typeof cassyNotes>) | undefined

  constructor(
    settings: readonly StorageSettings[],
    entry: DatabaseBackup,
    context: DatabaseContext & Partial<Pick<UndoContext, 'former'>>,
    open: OpenSession,
  ) {
    this.settings = settings
    this.entry = entry
    this.context = context
    this.open = open
    const { former } = context
    const notes = former && readNotes(former)
    if (notes !== undefined) this.notes = { ...notes, ...cassyNotes.safeParse(former?.details).data }
    this.noWayBack = `${entry.title} is restored by you and Cassy, and nothing of before is kept`
  }

  leftToDo = (): string[] => cassyRunbook(this.entry)

  async checkDone(): Promise<Finding[]> {
    const details = readCassyDetails(this.entry)
    const { title } = this.entry
    const byCassy = await this.#restoredByCassy(details)
    if (byCassy.outcome === 'error') return [byCassy]
    return await this.ask(async (session, view) => [
      byCassy,
      ...checkTokens(title, view, details),
      ...(await checkSchema(this.entry, details, session, view)),
      ...(await checkWitnesses(title, this.notes, session)),
      {
        check: 'cassandra, not seen',
        subject: title,
        outcome: 'warning',
        message:
          'whether the data folder of every node was empty before Cassy put the files of the backup there, and ' +
          'whether nodetool repair has run, cannot be seen from here: you vouch for it',
      },
    ])
  }

  async activate(_journal: Journal): Promise<void> {}

  /** @throws Failure: nobody knows what was done to the nodes since */
  async checkWayBack(): Promise<Finding[]> {
    throw new Failure({
      what: `${this.entry.title} cannot be given up`,
      why: 'what was done to its nodes since it was handed over cannot be seen without commands in their pods',
      next:
        'do the rest of your part, then go on with --continue; where you have done none of it, start the releases ' +
        'yourself (kubectl scale)',
    })
  }

  async deactivate(_journal: Journal): Promise<void> {
    await this.checkWayBack()
  }

  discard = () => Promise.resolve()
  checkDrop = (): Promise<Finding[]> => Promise.resolve([])
  dropPrevious = () => Promise.resolve()
  close = () => Promise.resolve()

  describe(): RestoredDatabase {
    const { title, kind } = this.entry
    return { title, kind, state: this.notes === undefined ? 'planned' : 'loaded', details: this.#noted() }
  }

  #noted(): RestoredDatabase['details'] {
    const { lastRestoreMs, ...notes } = this.notes ?? {}
    return { ...notes, ...(lastRestoreMs === undefined ? {} : { lastRestoreMs }) }
  }

  protected async ask<T>(look: (session: CqlSession, view: RingView) => Promise<T>): Promise<T> {
    const session = await this.open(accessOf(this.settings))
    try {
      return await look(session, await session.view())
    } finally {
      await session.close()
    }
  }

  /** The newest restore of each node, as the Cassy of the backup tells. @throws CassyError */
  protected async restores({ cassy: address, snapshotId }: CassyDetails): Promise<Map<string, RestoreEntry>> {
    const cassy = openCassy(address)
    try {
      const entries = await cassy.restores(snapshotId, this.context.signal)
      const newest = new Map<string, RestoreEntry>()
      for (const entry of entries)
        if (entry.created_at > (newest.get(entry.target_ip)?.created_at ?? 0)) newest.set(entry.target_ip, entry)
      return newest
    } finally {
      cassy.close()
    }
  }

  /** Whether Cassy has put back every node since the ring was handed over. */
  async #restoredByCassy(details: CassyDetails): Promise<Finding> {
    const of = { check: 'cassy', subject: this.entry.title }
    const { lastRestoreMs = 0 } = this.notes ?? {}
    try {
      const newest = await this.restores(details)
      const undone = details.nodes.flatMap(({ address }) => {
        const its = newest.get(address)
        if (its === undefined || its.created_at <= lastRestoreMs) return [`it has not restored node ${address} since`]
        if (its.status === operationStatus.completed) return []
        const state = its.status === operationStatus.failed ? 'has failed' : 'is not done'
        return [`its restore of node ${address} ${state}`]
      })
      if (undone.length === 0) return { ...of, outcome: 'ok', message: 'Cassy says that it has restored every node' }
      const cure =
        'see ListRestoreStatuses of Cassy and its log; a node that has failed is emptied before it is tried again'
      return { ...of, outcome: 'error', message: undone.join('; '), cure }
    } catch (error) {
      this.context.signal.throwIfAborted()
      const message = `${messageOf(error)}: whether it has restored every node cannot be told; you vouch for it`
      return { ...of, outcome: 'warning', message }
    }
  }
}

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
    const { title, tables } = this.entry
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
    const backup = { ...details, addresses: details.nodes.map(({ address }) => address) }
    const storage = openStorageAt(details.cassyStorage)
    const findings: Finding[] = []
    try {
      const lacks = await lacksOf(storage, backup, tables, this.#context.signal)
      const of = { check: "cassy's storage", subject: title }
      if (lacks.length === 0) findings.push({ ...of, outcome: 'ok', message: 'it has every file of the backup' })
      else
        findings.push({
          ...of,
          outcome: 'error',
          message: `it has ${lacks.join('; ')}`,
          cure: 'restore another backup, or bring these files back (versions of the bucket)',
        })
    } catch (error) {
      this.#context.signal.throwIfAborted()
      findings.push(findingOf("cassy's storage", title, error))
    }
    try {
      findings.push(...(await this.ask(async (_session, view) => checkTokens(title, view, details))).map(asWarning))
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
      const found = { nodes: [], selector: '', troubles: [] }
      const unasked = (who: string, error: unknown) => {
        signal.throwIfAborted()
        const text = `${who} cannot be asked: ${messageOf(error)}. Less can be checked afterwards`
        events.say('note', text, { level: 'warning' })
      }
      const ring = await this.ask((session) => noteRing(this.entry, { session, found })).catch((error: unknown) => {
        unasked(this.entry.title, error)
        return noNotes
      })
      const details = readCassyDetails(this.entry)
      const begun = await this.restores(details).then(
        (newest) => ({ lastRestoreMs: Math.max(0, ...[...newest.values()].map((one) => one.created_at)) }),
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
}

function asWarning(finding: Finding): Finding {
  return finding.outcome === 'error' ? { ...finding, outcome: 'warning' } : finding
}
