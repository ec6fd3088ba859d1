import type { Finding } from '../../../operation/finding.ts'
import type { Journal } from '../../journal/journal.ts'
import type { RestoreContext, RestoreDestination, RestorePlan } from '../database.ts'
import { findingOf } from '../errors.ts'
import { readManifest } from './manifest.ts'
import { isInService, type LoadTarget, type World } from './restore-target.ts'
import { RestoredDump } from './restored.ts'
import { verifyDump } from './verify.ts'

/** A dump being restored: loaded beside the data in service, which it replaces by renaming. */
export class DumpDestination<Seen extends World> extends RestoredDump<Seen> implements RestoreDestination {
  readonly #target: LoadTarget<Seen>
  readonly #context: RestoreContext

  constructor(target: LoadTarget<Seen>, context: RestoreContext) {
    super(target, context.operation)
    this.#target = target
    this.#context = context
  }

  async plan(): Promise<RestorePlan> {
    return await this.#target.plan()
  }

  async preflight(): Promise<Finding[]> {
    const { folder, seal, title } = this.#target
    const findings: Finding[] = []
    await readManifest(this.#context.storage, folder, title, seal).catch((error: unknown) =>
      findings.push(findingOf('backup', title, error)),
    )
    return [...findings, ...(await this.#target.preflight())]
  }

  async verify(): Promise<void> {
    const { storage, signal } = this.#context
    if (this.#isLoaded(await this.#target.look())) return
    await verifyDump(storage, this.#target.folder, this.#target.title, this.#target.seal, signal)
  }

  async load(journal: Journal): Promise<void> {
    this.#context.signal.throwIfAborted()
    await this.ensure(
      journal,
      'load',
      (world) => this.#isLoaded(world),
      () => this.#target.load(),
    )
  }

  async checkSwitch(): Promise<Finding[]> {
    const world = await this.#target.look()
    return isInService(world, this.operation) ? [] : await this.#target.checkSwitch(world)
  }

  /** Stopped by the signal, unlike that of an undo, which has to let serve again what served before it. */
  override async activate(journal: Journal): Promise<void> {
    this.#context.signal.throwIfAborted()
    await super.activate(journal)
  }

  #isLoaded(world: World): boolean {
    return isInService(world, this.operation) || world.restored.mark?.operation === this.operation
  }
}
