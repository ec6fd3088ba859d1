import { Failure } from '../../../operation/failure.ts'
import type { Finding } from '../../../operation/finding.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../operation/record.ts'
import { otherDatabase } from '../../../operation/databases/other-database.ts'
import type { RestoreContext, RestoredData, RestoreDestination, RestorePlan } from '../database.ts'

/** What the administrator's own tool restored. This program kept nothing of what was there before. */
export class RestoredByTool implements RestoredData {
  readonly noWayBack: string
  protected readonly entry: DatabaseBackup
  protected state: RestoredDatabase['state'] = 'planned'

  constructor(entry: DatabaseBackup) {
    this.entry = entry
    this.noWayBack = `${entry.title} is restored by your own tool, and nothing of what was in service is kept`
  }

  /** @throws Failure: what is in service cannot be left and entered again */
  async activate(): Promise<void> {
    throw this.#refusal()
  }

  /** @throws Failure always */
  async checkWayBack(): Promise<never> {
    throw this.#refusal()
  }

  /** @throws Failure always */
  async deactivate(): Promise<void> {
    throw this.#refusal()
  }

  discard = () => Promise.resolve()
  checkDrop = (): Promise<Finding[]> => Promise.resolve([])
  dropPrevious = () => Promise.resolve()
  close = () => Promise.resolve()

  describe(): RestoredDatabase {
    return { title: this.entry.title, kind: otherDatabase.name, state: this.state, details: {} }
  }

  #refusal(): Failure {
    return new Failure({
      what: `what was in ${this.entry.title} before cannot be put back`,
      why: this.noWayBack,
      next:
        'restore a backup again, with --exec-image IMAGE -- COMMAND, ' +
        'and --replicas N where the release stands at 0',
    })
  }
}

/** Databases that the administrator's own tool restores, while the releases are stopped. */
export class ToolDestination extends RestoredByTool implements RestoreDestination {
  readonly #context: RestoreContext

  constructor(entry: DatabaseBackup, context: RestoreContext) {
    super(entry)
    this.#context = context
  }

  plan = async (): Promise<RestorePlan> => ({
    title: this.entry.title,
    steps: [`run ${this.#context.command?.title ?? 'your own tool'} while the release is stopped`],
    loses: [this.noWayBack],
  })

  async preflight(): Promise<Finding[]> {
    const { command } = this.#context
    if (command !== undefined) return await command.preflight()
    return [
      {
        check: 'own tool',
        subject: this.entry.title,
        outcome: 'error',
        message: 'your own tool made its backup, and it alone can restore it',
        cure: 'give it with --exec-image IMAGE -- COMMAND',
      },
    ]
  }

  verify = () => Promise.resolve()
  load = () => Promise.resolve()
  /** Hours may have passed, in which the container of the tool may have ended. */
  checkSwitch = (): Promise<Finding[]> => this.preflight()

  override async activate(): Promise<void> {
    const { command, signal } = this.#context
    const { artefacts } = this.entry.details
    await command?.run({
      databases: [this.entry.title],
      artefacts: Array.isArray(artefacts) ? artefacts.filter((name) => typeof name === 'string') : [],
      signal,
    })
    this.state = 'in-service'
  }

  /** @throws Failure where the command was started: what it left cannot be told from what was there */
  override async deactivate(): Promise<void> {
    if (this.#context.command?.wasStarted() === true) await super.deactivate()
  }
}
