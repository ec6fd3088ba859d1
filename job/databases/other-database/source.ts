import * as z from 'zod'
import { engineOf, placeOfUrl } from '../../../operation/databases/engines.ts'
import { Failure } from '../../../operation/failure.ts'
import type { Finding } from '../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../operation/record.ts'
import { otherDatabase } from '../../../operation/databases/other-database.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import type { BackupContext, BackupSource, PauseMoment, Snapshot, Source } from '../database.ts'

const artefactsSchema = z.object({ artefacts: z.array(z.string()) })

/** Databases that the administrator's own tool backs up: inside the pause, or after it. */
export class ToolSource implements BackupSource {
  readonly #settings: readonly StorageSettings[]
  readonly #context: BackupContext
  #made: readonly string[] | undefined

  constructor(settings: readonly StorageSettings[], context: BackupContext) {
    this.#settings = settings
    this.#context = context
  }

  describe = async (): Promise<Source> => ({
    title: this.#title,
    kind: otherDatabase.name,
    storages: this.#storages,
    tables: [],
    estimatedBytes: 0,
  })

  async preflight(): Promise<Finding[]> {
    const { command } = this.#context
    if (command !== undefined) return await command.preflight()
    return [
      {
        check: 'database',
        subject: this.#title,
        outcome: 'warning',
        message: `storage ${this.#storages.join(', ')}: this program has no backup of its own for it`,
        cure: cureWithoutTool,
      },
    ]
  }

  /** @throws Failure where no tool was given, or its container has gone since; nothing is paused yet */
  async prepare(): Promise<void> {
    const { command } = this.#context
    if (command === undefined) throw withoutTool(this.#title)
    await command.preflight()
    this.#made = undefined
  }

  holdMs(): number {
    const { command } = this.#context
    return command?.phase === 'snapshot' ? command.timeoutMs : 0
  }

  async snapshot(pause?: PauseMoment): Promise<Snapshot> {
    const { command } = this.#context
    const at = pause?.allPausedAt ?? new Date().toISOString()
    if (command?.phase !== 'snapshot') return { at, anyMoment: true, durable: {} }
    const artefacts = await command.run({
      databases: this.#titles,
      pause,
      signal: pause?.signal ?? this.#context.signal,
    })
    this.#made = artefacts
    return { at, anyMoment: true, durable: { artefacts } }
  }

  resume({ durable }: Snapshot): void {
    this.#made = artefactsSchema.safeParse(durable).data?.artefacts
  }

  async complete(): Promise<DatabaseBackup> {
    const { command, signal } = this.#context
    if (command === undefined) throw withoutTool(this.#title)
    const artefacts =
      command.phase === 'snapshot' ? (this.#made ?? []) : await command.run({ databases: this.#titles, signal })
    return {
      storages: this.#storages,
      kind: otherDatabase.name,
      title: this.#title,
      tables: [],
      details: { tool: command.title, phase: command.phase, artefacts: [...artefacts] },
    }
  }

  close = () => Promise.resolve()

  get #storages(): string[] {
    return this.#settings.map(({ storage }) => storage)
  }

  get #titles(): string[] {
    return [...new Set(this.#settings.map((one) => `${engineOf(one)} at ${placeOfUrl(one.contactPoints)}`))]
  }

  get #title(): string {
    return this.#titles.join(' and ')
  }
}

const cureWithoutTool =
  'give your own tool with --exec-image IMAGE -- COMMAND, or run it between `kubectl scalardl pause` and `unpause`'

function withoutTool(title: string): Failure {
  return new Failure({
    what: 'the backup was not begun, nothing was paused',
    why: `this program has no backup of its own for ${title}`,
    next: cureWithoutTool,
  })
}
