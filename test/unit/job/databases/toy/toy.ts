// Room: the smallest database, which shows what a kind needs.
// Read toy, files, known-toy, conformance.test.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'
import type {
  BackupContext,
  BackupSource,
  DatabaseKind,
  DatabaseContext,
  RestoreContext,
  RestoredData,
  RestoreDestination,
} from '../../../../../job/databases/database.ts'
import { readManifest } from '../../../../../job/databases/dump/manifest.ts'
import { claimFolder, sealFolder } from '../../../../../job/databases/dump/own-folder.ts'
import { readContent } from '../../../../../job/databases/dump/read-unpacked.ts'
import { verifyDump } from '../../../../../job/databases/dump/verify.ts'
import { writeFile } from '../../../../../job/databases/dump/write-file.ts'
import { parseDetails } from '../../../../../job/databases/parse-details.ts'
import type { Journal } from '../../../../../job/journal/journal.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../../operation/record.ts'
import { inService, moveBook, readBook, writeBook } from './files.ts'
import { toy as known } from './known-toy.ts'

/**
 * The smallest database that there can be: a folder with one file of rows. It shows that a kind needs nothing but its
 * folder, its file for the plugin and its line in each registry.
 */
export const toy: DatabaseKind = {
  name: known.name,
  capabilities: { consistentAlone: true, keepsItsOwnBackups: known.keepsItsOwnBackups, restoreEndsIn: 'switch' },
  recognise: ({ contactPoints }, { managed }) => managed === 'toyshop' && contactPoints.startsWith(scheme),
  locate: async (settings) => [...Map.groupBy(settings, folderOf).values()].map((own) => ({ settings: own })),
  openBackup: (settings, context) => backupOf(settings, context),
  openRestore: (settings, entry, context) => new ToyDestination(settings, entry, context),
  openUndo: (settings, entry, context) => new RestoredToy(settings, entry, context),
}

const scheme = 'jdbc:toy:'
const detailsSchema = z.object({ manifestSha256: z.string() })
const columnsFile = 'columns.txt'
const rowsFile = 'rows.json'

/** How long one row takes to be copied, ms: something has to be under way when an operation is told to stop. */
const paceMs = 5

function folderOf({ contactPoints }: StorageSettings): string {
  return contactPoints.slice(scheme.length)
}

function firstFolder(settings: readonly StorageSettings[]): string {
  const [first] = settings
  if (first === undefined) throw new Error('a place has at least one storage')
  return folderOf(first)
}

async function copied(rows: readonly string[], signal: AbortSignal): Promise<string[]> {
  const made: string[] = []
  for (const row of rows) {
    signal.throwIfAborted()
    await sleep(paceMs)
    made.push(row)
  }
  signal.throwIfAborted()
  return made
}

function backupOf(settings: StorageSettings[], context: BackupContext): BackupSource {
  const { storage, operation, signal } = context
  const folder = firstFolder(settings)
  const title = `toy://${folder}`
  const tables = [{ schema: 'toy', name: 'book' }]
  let taken: { at: string; rows: readonly string[] } | undefined
  return {
    describe: async () => ({
      title,
      kind: toy.name,
      storages: settings.map(({ storage: name }) => name),
      tables,
      estimatedBytes: 1000,
    }),
    preflight: async () => [
      (await readBook(folder, inService)) === undefined
        ? { check: 'toy', subject: title, outcome: 'error', message: 'it is not there', cure: 'make one' }
        : { check: 'toy', subject: title, outcome: 'ok', message: 'it is there' },
    ],
    prepare: async () => void (taken = undefined),
    async snapshot() {
      const { rows } = (await readBook(folder, inService)) ?? { rows: [] }
      taken = { at: new Date().toISOString(), rows }
      return { at: taken.at }
    },
    async complete(into) {
      if (taken === undefined) throw new Error('complete() before snapshot()')
      const owner = { operation, database: title }
      await claimFolder(storage, into, owner)
      try {
        const rows = await copied(taken.rows, signal)
        const write = (path: string, content: string) =>
          writeFile(context, into, path, Readable.from([Buffer.from(content)]))
        const files = [await write(columnsFile, 'row'), await write(rowsFile, JSON.stringify(rows))]
        const { sha256, bytes } = await sealFolder(storage, into, owner, files, signal)
        return {
          storages: settings.map(({ storage: name }) => name),
          kind: toy.name,
          title,
          tables: tables.map((table) => ({ ...table, rows: rows.length })),
          snapshotAt: taken.at,
          folder: into,
          bytes,
          details: { manifestSha256: sha256 },
        }
      } catch (error) {
        await storage.delete(into)
        throw error
      }
    },
    close: async () => undefined,
  }
}

/** The file in service, the one restored and the former: each step looks which is where, so it may be done again. */
class RestoredToy implements RestoredData {
  protected readonly entry: DatabaseBackup
  protected readonly folder: string
  protected readonly operation: string
  readonly #signal: AbortSignal
  #described: Pick<RestoredDatabase, 'state' | 'previous'> = { state: 'planned' }

  constructor(settings: readonly StorageSettings[], entry: DatabaseBackup, { operation, signal }: DatabaseContext) {
    this.entry = entry
    this.folder = firstFolder(settings)
    this.operation = operation
    this.#signal = signal
  }

  async activate(journal: Journal): Promise<void> {
    await journal.ensure('activate toy', async () => {
      if (!(await this.isInService())) {
        // Killed between the two moves, nothing is in service and the next worker makes the second.
        if ((await readBook(this.folder, inService)) !== undefined) await moveBook(this.folder, inService, this.#former)
        await moveBook(this.folder, this.restored, inService)
      }
    })
    const kept = (await readBook(this.folder, this.#former)) !== undefined
    this.#described = { state: 'in-service', ...(kept ? { previous: this.#former } : {}) }
  }

  checkWayBack = () => Promise.resolve([])

  async deactivate(journal: Journal): Promise<void> {
    await journal.ensure('deactivate toy', async () => {
      if ((await readBook(this.folder, this.#former)) === undefined) return
      if (await this.isInService()) await moveBook(this.folder, inService, this.restored)
      await moveBook(this.folder, this.#former, inService)
    })
  }

  async discard(journal: Journal): Promise<void> {
    await journal.ensure('discard toy', () => rm(join(this.folder, this.restored), { force: true }))
    this.#described = { state: 'discarded' }
  }

  checkDrop = () => Promise.resolve([])

  async dropPrevious(journal: Journal): Promise<void> {
    this.#signal.throwIfAborted()
    await journal.ensure('drop toy', async () => {
      if (await this.isInService()) await rm(join(this.folder, this.#former), { force: true })
    })
  }

  describe(): RestoredDatabase {
    return { title: this.entry.title, kind: toy.name, ...this.#described, details: {} }
  }

  close = () => Promise.resolve()

  protected get restored(): string {
    return `restored-by-${this.operation}.json`
  }

  get #former(): string {
    return `before-${this.operation}.json`
  }

  protected async isInService(): Promise<boolean> {
    return (await readBook(this.folder, inService))?.restoredBy === this.operation
  }
}

class ToyDestination extends RestoredToy implements RestoreDestination {
  readonly #context: RestoreContext

  constructor(settings: readonly StorageSettings[], entry: DatabaseBackup, context: RestoreContext) {
    super(settings, entry, context)
    this.#context = context
  }

  plan = () => Promise.resolve({ title: this.entry.title, steps: ['put another file in its place'], loses: [] })

  preflight = () => Promise.resolve([])

  async verify(): Promise<void> {
    const { signal, storage } = this.#context
    const seal = { sha256: this.#details.manifestSha256 }
    await verifyDump(storage, this.entry.folder ?? '', this.entry.title, seal, signal)
  }

  async load(journal: Journal): Promise<void> {
    await journal.ensure('load toy', async () => {
      const loaded = await readBook(this.folder, this.restored)
      if (loaded !== undefined || (await this.isInService())) return
      const rows = z.array(z.string()).parse(JSON.parse(await this.#verifiedRows()))
      const made = await copied(rows, this.#context.signal)
      await writeBook(this.folder, this.restored, { restoredBy: this.operation, rows: made })
    })
  }

  get #details(): z.infer<typeof detailsSchema> {
    return parseDetails(detailsSchema, this.entry)
  }

  async #verifiedRows(): Promise<string> {
    const { identities, storage } = this.#context
    const folder = this.entry.folder ?? ''
    const { title } = this.entry
    const { files } = await readManifest(storage, folder, title, { sha256: this.#details.manifestSha256 })
    const file = files.find(({ path }) => path === rowsFile)
    if (file === undefined) throw new Error(`the dump has no ${rowsFile}`)
    return await text(await readContent({ storage, identities, folder, title }, file))
  }
}
