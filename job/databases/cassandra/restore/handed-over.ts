// Room: a Cassandra backup being put back: this program stops the releases, the administrator restores the nodes.
// Read handed-over, destination, with-ring, hand-over-notes (what is noted then), done (what is looked at afterwards).

import { runbookOf } from '../../../../operation/databases/cassandra.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { DatabaseContext, RestoredData } from '../../database.ts'
import type { OpenSession } from '../cql.ts'
import type { RingNode } from '../ring.ts'
import { checkDone } from './done.ts'
import { readNotes, type Notes } from './hand-over-notes.ts'
import { withRing } from './with-ring.ts'

/** A ring that an administrator restores, after a restore has stopped the releases and told him what to do. */
export class HandedOver implements RestoredData {
  readonly noWayBack: string
  protected readonly entry: DatabaseBackup
  protected readonly settings: readonly StorageSettings[]
  protected readonly context: DatabaseContext
  protected readonly open: OpenSession
  protected notes: Notes | undefined

  constructor(
    settings: readonly StorageSettings[],
    entry: DatabaseBackup,
    context: DatabaseContext,
    open: OpenSession,
    former?: RestoredDatabase,
  ) {
    this.settings = settings
    this.entry = entry
    this.context = context
    this.open = open
    this.notes = former && readNotes(former)
    this.noWayBack = `${entry.title} is restored by you, and once a node of it was stopped nothing of before is kept`
  }

  leftToDo = (): string[] => runbookOf(this.entry)

  checkDone = (): Promise<Finding[]> => this.#ask((ring) => checkDone(this.entry, this.notes, ring))

  /** An undo that failed: this program has changed nothing here that was to be changed back. */
  async activate(): Promise<void> {}

  /** Nothing was done to a ring of which every node still runs as it did when it was handed over. */
  async checkWayBack(): Promise<Finding[]> {
    const nodes = await this.#ask(async ({ found }) => found.nodes)
    return [wayBackOf(this.entry.title, this.notes?.nodes ?? [], nodes)]
  }

  /** @throws Failure where a node was stopped since */
  async deactivate(): Promise<void> {
    await this.checkWayBack()
  }

  discard = () => Promise.resolve()
  checkDrop = (): Promise<Finding[]> => Promise.resolve([])
  dropPrevious = () => Promise.resolve()
  close = () => Promise.resolve()

  describe(): RestoredDatabase {
    const { title, kind } = this.entry
    return { title, kind, state: this.notes === undefined ? 'planned' : 'loaded', details: { ...this.notes } }
  }

  #ask<T>(look: Parameters<typeof withRing<T>>[1]): Promise<T> {
    return withRing({ settings: this.settings, entry: this.entry, context: this.context, open: this.open }, look)
  }
}

type Started = Pick<RingNode, 'hostId' | 'address' | 'generation'>

/**
 * Whether every node runs as it did when the ring was handed over.
 * @throws Failure where one was stopped or started since, or nobody knows
 */
export function wayBackOf(title: string, noted: Notes['nodes'], nodes: readonly Started[]): Finding {
  const running = new Map(nodes.map((node) => [node.hostId, node] as const))
  const changed = noted.filter(({ hostId, generation }) => running.get(hostId)?.generation !== generation)
  if (noted.length > 0 && changed.length === 0 && running.size === noted.length)
    return { check: 'way back', subject: title, outcome: 'ok', message: 'no node of it was restarted' }
  throw new Failure({
    what: `${title} cannot be given up`,
    why:
      noted.length === 0
        ? 'its nodes could not be asked when it was handed over, so nobody knows whether they are as they were'
        : `${changed.map(({ address }) => `node ${address}`).join(', ') || 'a node'} was stopped or started since, ` +
          'and may hold a part of the restored data',
    next: 'do the rest of your part, then go on with --continue; or restore a backup again',
  })
}
