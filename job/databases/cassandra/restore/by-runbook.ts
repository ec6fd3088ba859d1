import { runbookOf } from '../../../../operation/databases/cassandra.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import type { RestoreDestination, RestorePlan } from '../../database.ts'

/** A backup that the administrator restores: Cassandra stands still for it, and others may use it. */
export class ByRunbook implements RestoreDestination {
  readonly #entry: DatabaseBackup
  readonly noWayBack: string

  constructor(entry: DatabaseBackup) {
    this.#entry = entry
    this.noWayBack = `${entry.title} is restored by hand, and this program keeps nothing of what is in service`
  }

  plan = async (): Promise<RestorePlan> => ({
    title: this.#entry.title,
    steps: runbookOf(this.#entry),
    loses: [this.noWayBack],
  })

  async preflight(): Promise<Finding[]> {
    return [
      {
        check: 'restore',
        subject: this.#entry.title,
        outcome: 'error',
        message: 'its snapshots are put back by hand, with every node of Cassandra stopped',
        cure: runbookOf(this.#entry).join('\n'),
      },
    ]
  }

  verify = () => Promise.resolve()
  discard = () => Promise.resolve()
  checkDrop = (): Promise<Finding[]> => Promise.resolve([])
  dropPrevious = () => Promise.resolve()
  close = () => Promise.resolve()

  /** @throws Failure always, these four */
  async load(): Promise<void> {
    throw this.#refusal()
  }

  async activate(): Promise<void> {
    throw this.#refusal()
  }

  async checkWayBack(): Promise<never> {
    throw this.#refusal()
  }

  async deactivate(): Promise<void> {
    throw this.#refusal()
  }

  describe(): RestoredDatabase {
    return { title: this.#entry.title, kind: this.#entry.kind, state: 'planned', details: {} }
  }

  #refusal(): Failure {
    return new Failure({
      what: `${this.#entry.title} is not restored by this program`,
      why: this.noWayBack,
      next: runbookOf(this.#entry).join('\n'),
    })
  }
}
