import * as z from 'zod'
import { beforeCassy } from '../../../../operation/databases/cassy.ts'
import { Failure, messageOf } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { openStorageAt } from '../../../storage/open.ts'
import type { DatabaseContext, RestoredData, UndoContext } from '../../database.ts'
import { accessOf } from '../access.ts'
import type { CqlSession, OpenSession, RingView } from '../cql.ts'
import { checkRestarts, checkSchema, checkTokens, checkWitnesses } from '../restore/done.ts'
import { readNotes, type Notes } from '../restore/hand-over-notes.ts'
import { wayBackOf } from '../restore/handed-over.ts'
import { whoAnswers, type Place } from './answering.ts'
import { CassyError, openCassy, type Cassy } from './client.ts'
import { readCassyDetails, type CassyDetails } from './details.ts'
import { operationStatus } from './protocol.ts'
import { cassyNotes, newestBeside, putBack, usualRestorePatience, type CassyPart } from './restoring.ts'
import { lacksOf } from './stored.ts'

/** What was noted when the ring was handed over, and since. */
const ownNotes = cassyNotes.extend({
  /** where its nodes answered questions in CQL; absent where the ring could not be asked */
  answeredAt: z.array(z.string()).optional(),
})

/** A ring that its administrator and Cassy restore, after a restore has stopped the releases and told what to do. */
export class CassyHandedOver implements RestoredData {
  readonly noWayBack: string
  protected readonly entry: DatabaseBackup
  protected readonly settings: readonly StorageSettings[]
  protected readonly context: DatabaseContext
  protected readonly open: OpenSession
  protected notes: (Notes & z.infer<typeof ownNotes>) | undefined

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
    if (notes !== undefined) this.notes = { ...notes, ...ownNotes.safeParse(former?.details).data }
    this.noWayBack = `once a node of ${entry.title} was stopped, nothing of before is kept: you and Cassy restore it`
  }

  leftToDo = (): string[] => beforeCassy(this.entry)

  /**
   * Has Cassy put back the files, while Cassandra stands still everywhere. Where it runs, what can be seen of it is
   * looked at instead: the nodes were started again, or were never stopped.
   */
  async betweenParts(journal: Journal): Promise<string[]> {
    const details = readCassyDetails(this.entry)
    const part = await journal.once<CassyPart | null>(`have Cassy put back ${this.entry.title}`, async (step) => {
      const { context, entry, notes } = this
      const running = await whoAnswers(this.#places(details), context.signal)
      if (running.length > 0) return null
      const cassy = openCassy(details.cassy)
      try {
        const checkBucket = () => this.#checkBucket(details)
        const { events, signal } = context
        const of = { cassy, entry, details, events, patience: usualRestorePatience, signal, checkBucket }
        return await putBack(of, notes, step)
      } finally {
        cassy.close()
      }
    })
    if (part === null) return []
    this.notes = { nodes: [], witnesses: [], ...this.notes, ...part.notes }
    return part.left
  }

  async checkDone(): Promise<Finding[]> {
    const details = readCassyDetails(this.entry)
    const { title } = this.entry
    const byCassy = await this.#restoredByCassy(details)
    if (byCassy.outcome === 'error') return [byCassy]
    return await this.ask(async (session, view) => {
      const nodes = await nodesNow(session, view)
      return [
        byCassy,
        upFinding(title, nodes),
        ...checkTokens(title, view, details),
        ...checkRestarts(title, this.notes, nodes),
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
      ]
    })
  }

  async activate(_journal: Journal): Promise<void> {}

  /**
   * Nothing was done to a ring of which every node still runs as it did when it was handed over, and of which Cassy was
   * not asked for files either: a node that could not be reached counted as stopped then.
   */
  async checkWayBack(): Promise<Finding[]> {
    const nodes = await this.ask(nodesNow)
    const wayBack = wayBackOf(this.entry.title, this.notes?.nodes ?? [], nodes)
    return [wayBack, await this.#unaskedFinding(readCassyDetails(this.entry))]
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
    const state = this.notes === undefined ? 'planned' : 'loaded'
    return { title, kind, state, details: JSON.parse(JSON.stringify(this.notes ?? {})) as RestoredDatabase['details'] }
  }

  protected async ask<T>(look: (session: CqlSession, view: RingView) => Promise<T>): Promise<T> {
    const session = await this.open(accessOf(this.settings))
    try {
      return await look(session, await session.view())
    } finally {
      await session.close()
    }
  }

  /** Asks the Cassy of the backup. @throws CassyError */
  protected async askCassy<T>({ cassy: address }: CassyDetails, look: (cassy: Cassy) => Promise<T>): Promise<T> {
    const cassy = openCassy(address)
    try {
      return await look(cassy)
    } finally {
      cassy.close()
    }
  }

  /** What is not there of the backup in Cassy's bucket, for people. */
  protected lacks(details: CassyDetails): Promise<string[]> {
    const backup = { ...details, addresses: details.nodes.map(({ address }) => address) }
    return lacksOf(openStorageAt(details.cassyStorage), backup, this.entry.tables, this.context.signal)
  }

  /** @throws Failure where a file is gone: Cassy calls a node completed that has got a part */
  async #checkBucket(details: CassyDetails): Promise<void> {
    const lacks = await this.lacks(details)
    if (lacks.length === 0) return
    throw new Failure({
      what: `${this.entry.title} cannot be put back by Cassy`,
      why: `${details.cassyStorage} has ${lacks.join('; ')}`,
      next: 'bring these files back (versions of the bucket), and empty the nodes again; or restore another backup',
    })
  }

  /** Wherever a node may answer: as the releases know it, as the backup does, and as it was when it was handed over. */
  #places(details: CassyDetails): Place[] {
    const { hosts } = accessOf(this.settings)
    const [{ port } = { port: 0 }] = hosts
    const others = [...details.nodes.map(({ address }) => address), ...(this.notes?.answeredAt ?? [])]
    const places = [...hosts, ...others.map((host) => ({ host, port }))]
    return [...new Map(places.map((place) => [`${place.host} ${place.port}`, place])).values()]
  }

  /** @throws Failure where Cassy was asked to put files on the nodes: they are read once a node is started */
  async #unaskedFinding(details: CassyDetails): Promise<Finding> {
    const of = { check: 'cassy', subject: this.entry.title }
    const { earlier, told } = this.notes ?? {}
    let isAsked = told !== undefined
    try {
      const { signal } = this.context
      const entries = await this.askCassy(details, (cassy) => cassy.restores(details.snapshotId, signal))
      isAsked ||= earlier !== undefined && newestBeside(entries, earlier).size > 0
    } catch (error) {
      this.context.signal.throwIfAborted()
      if (!(error instanceof CassyError)) throw error
      const message = `${messageOf(error)}: whether it has put files of the backup on nodes cannot be told`
      if (!isAsked) return { ...of, outcome: 'warning', message }
    }
    if (!isAsked) return { ...of, outcome: 'ok', message: 'Cassy has put no files on its nodes' }
    throw new Failure({
      what: `${this.entry.title} cannot be given up`,
      why: 'Cassy was asked to put files of the backup on its nodes, and these are read once a node is started again',
      next: 'stop and empty every node as you were told, then go on with --continue; or restore a backup again',
    })
  }

  /** Whether Cassy has put back every node since the ring was handed over. */
  async #restoredByCassy(details: CassyDetails): Promise<Finding> {
    const of = { check: 'cassy', subject: this.entry.title }
    const unknown = (why: string): Finding => ({
      ...of,
      outcome: 'warning',
      message: `${why}: whether it has restored every node cannot be told; you vouch for it`,
    })
    const earlier = this.notes?.earlier
    if (earlier === undefined) return unknown('Cassy could not be asked when the ring was handed over')
    try {
      const { signal } = this.context
      const entries = await this.askCassy(details, (cassy) => cassy.restores(details.snapshotId, signal))
      const newest = newestBeside(entries, earlier)
      const undone = details.nodes.flatMap(({ address }) => {
        const its = newest.get(address)
        if (its === undefined) return [`it has not restored node ${address} since`]
        if (its.status === operationStatus.completed) return []
        const state = its.status === operationStatus.failed ? 'has failed' : 'is not done'
        return [`its restore of node ${address} ${state}`]
      })
      if (undone.length === 0) return { ...of, outcome: 'ok', message: 'Cassy says that it has restored every node' }
      return {
        ...of,
        outcome: 'error',
        message: `${undone.join('; ')}, and Cassandra runs`,
        cure:
          'stop Cassandra on every node and empty its folders as you were told, then go on: Cassy is asked ' +
          'only while no node answers',
      }
    } catch (error) {
      this.context.signal.throwIfAborted()
      if (!(error instanceof CassyError)) throw error
      return unknown(messageOf(error))
    }
  }
}

/** A member of a ring, and since when it runs; undefined where it does not answer. */
export interface NodeNow {
  hostId: string
  address: string
  generation: number | undefined
}

/** Each node, asked itself. */
export async function nodesNow(session: CqlSession, { members }: RingView): Promise<NodeNow[]> {
  return await Promise.all(
    members.map(async ({ hostId, address }) => ({ hostId, address, generation: await session.generationOf(hostId) })),
  )
}

function upFinding(title: string, nodes: readonly NodeNow[]): Finding {
  const of = { check: 'cassandra nodes', subject: title }
  const down = nodes.filter(({ generation }) => generation === undefined)
  if (down.length === 0) return { ...of, outcome: 'ok', message: `${nodes.length} nodes answer` }
  return {
    ...of,
    outcome: 'error',
    message: `node ${down.map(({ address }) => address).join(', ')} does not answer`,
    cure: 'start Cassandra on every node, and wait until nodetool status shows UN for all',
  }
}
