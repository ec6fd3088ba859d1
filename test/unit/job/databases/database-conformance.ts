// Room: what every kind of database has to hold, tried in the same way for each.
// Read database-conformance, judged-by-scalardb (by ScalarDB itself), restored-beside (by a managed service's past),
// restored-by-hand (by its administrator).

import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type {
  BackupContext,
  DatabaseKind,
  RestoreContext,
  RestoreDestination,
} from '../../../../job/databases/database.ts'
import type { StorageSettings } from '../../../../job/scalardb/storage-settings.ts'
import { jsonLineEvents } from '../../../../job/process/events.ts'
import type { Journal } from '../../../../job/journal/journal.ts'
import { openJournal } from '../../../../job/journal/persisted-journal.ts'
import { manifestFile } from '../../../../job/databases/dump/manifest.ts'
import type { Storage } from '../../../../job/storage/storage.ts'
import { volumeStorage } from '../../../../job/storage/volume/volume.ts'
import type { JournalDocument } from '../../../../operation/journal.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { failureOf } from '../failure-of.ts'

/** What a backup and a restore are given. */
export type TrialContext = BackupContext & RestoreContext

/** One database of its own, with data in it, for one test. */
export interface Trial {
  settings: StorageSettings[]
  /** what this kind of database has to be told beyond what every kind is */
  context?: Partial<TrialContext>
  /** writes something that changes what content() tells */
  write(): Promise<void>
  /** all that a client finds in the database in service; undefined where there is none */
  content(): Promise<unknown>
  /** what there is of this database besides what is in service */
  beside(): Promise<string[]>
  /** makes it impossible to switch, until the answer is called */
  obstruct(): Promise<() => Promise<void>>
  /**
   * keeps a load from coming to its end, until the answer is called; where one takes a while by itself there is no need
   */
  delay?(): () => void
}

/** What every kind of database must hold. */
export async function databaseConformance(
  t: Test,
  kind: DatabaseKind,
  open: (t: Test) => Promise<Trial>,
): Promise<void> {
  await t.test('what a restore brings back is exactly the snapshot', async (t) => {
    const trial = await open(t)
    const { entry, context, atSnapshot } = await backedUp(t, kind, trial)
    await trial.write()
    const journal = await memoryJournal()
    const destination = kind.openRestore(trial.settings, entry, context('restore-a'))
    noErrors(t, await destination.preflight())
    t.ok((await destination.plan()).steps.length > 0)
    const before = await trial.content()
    await destination.load(journal)
    t.strictSame(await trial.content(), before, 'loading changes nothing of what is in service')
    await destination.activate(journal)
    t.strictSame(await trial.content(), atSnapshot)
    t.match(destination.describe(), { state: 'in-service', previous: String })

    await destination.dropPrevious(journal)
    // What alone holds the point by then outlives the former data.
    if ((await destination.standing?.(entry))?.state !== 'materialized')
      t.strictSame(await trial.beside(), [], 'nothing is left beside it')
    t.strictSame(await trial.content(), atSnapshot)
    await destination.close()
  })

  await t.test('the data that was in service comes back, and can be left again', async (t) => {
    const trial = await open(t)
    const { entry, context, atSnapshot } = await backedUp(t, kind, trial)
    await trial.write()
    const former = await trial.content()
    const journal = await memoryJournal()
    const destination = kind.openRestore(trial.settings, entry, context('restore-a'))
    await destination.deactivate(journal)
    t.strictSame(await trial.content(), former, 'what was never switched has nothing to put back')
    await destination.load(journal)
    await destination.activate(journal)
    // A later operation knows what the restore left.
    const later = { ...context('restore-a'), former: destination.describe() }
    const stopped = kind.openUndo(trial.settings, entry, {
      ...later,
      signal: AbortSignal.abort(new Error('told to stop')),
    })
    await stopped.activate(await memoryJournal())
    t.strictSame(await trial.content(), atSnapshot, 'an undo that is told to stop can let the restored data serve on')
    const undo = kind.openUndo(trial.settings, entry, later)
    await undo.deactivate(await memoryJournal())
    t.strictSame(await trial.content(), former)
    await destination.activate(journal)
    t.strictSame(await trial.content(), atSnapshot, 'the same journal can switch again')
    await undo.deactivate(await memoryJournal())
    // What alone holds the point by now outlives the restore.
    const isHeld = (await destination.standing?.(entry))?.state === 'materialized'
    await destination.discard(journal)
    t.strictSame(await trial.content(), former)
    if (!isHeld) t.strictSame(await trial.beside(), [], 'only what alone holds the restore point is kept')
    t.equal(destination.describe().state, 'discarded')
  })

  if (!kind.capabilities.keepsItsOwnBackups)
    await t.test('one flipped bit in any file is found before anything is made', async (t) => {
      const trial = await open(t)
      const { entry, context, folder } = await backedUp(t, kind, trial)
      const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) => file.isFile())
      t.ok(files.length > 2)
      for (const file of files) {
        const path = join(file.parentPath, file.name)
        const content = await readFile(path)
        const flipped = Buffer.from(content)
        flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1
        await writeFile(path, flipped)
        t.match(
          await failureOf(kind.openRestore(trial.settings, entry, context('restore-a')).verify()),
          { what: /damaged/ },
          file.name,
        )
        await writeFile(path, content)
      }
      await kind.openRestore(trial.settings, entry, context('restore-a')).verify()
      t.strictSame(await trial.beside(), [])
    })

  if (!kind.capabilities.keepsItsOwnBackups)
    await t.test('an encrypted dump tells nothing, and comes back with its key alone', async (t) => {
      const trial = await open(t)
      const [identity, other] = await Promise.all([generateX25519Identity(), generateX25519Identity()])
      const recipients = [await identityToRecipient(identity)]
      const { context: of, ...rest } = trial
      const { entry, context, folder, atSnapshot } = await backedUp(t, kind, {
        ...rest,
        context: { ...of, recipients },
      })
      const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) => file.isFile())
      const dumps = files.filter(({ name }) => name !== manifestFile)
      t.ok(dumps.length > 0)
      for (const { parentPath, name } of dumps)
        t.match((await readFile(join(parentPath, name))).toString('latin1'), /^age-encryption\.org\/v1\n/, name)
      await trial.write()
      const before = await trial.content()
      const restore = (operation: string, identities?: string[]) =>
        kind.openRestore(trial.settings, entry, { ...context(operation), identities })
      await restore('restore-a').verify()
      await t.rejects(restore('restore-a').load(await memoryJournal()), 'without the key')
      t.match(
        await failureOf(restore('restore-a', [other]).load(await memoryJournal())),
        { what: /damaged/, why: /cannot be decrypted/ },
        'with another key',
      )
      t.strictSame(await trial.content(), before)
      const destination = restore('restore-a', [other, identity])
      const journal = await memoryJournal()
      await destination.load(journal)
      await destination.activate(journal)
      t.strictSame(await trial.content(), atSnapshot)
    })

  await t.test('killed at any write of the journal and started again, a restore ends the same', async (t) => {
    const trial = await open(t)
    const { entry: first, context, atSnapshot } = await backedUp(t, kind, trial)
    const entry = await lasting(kind, trial, first, context)
    const beside = await trial.beside()
    for (let dies = 1; ; dies += 1) {
      const operation = `restore-${dies}`
      const store: { document?: JournalDocument } = {}
      const run = async (writes: number) => {
        const destination = kind.openRestore(trial.settings, entry, context(operation))
        const journal = await memoryJournal(store, writes)
        await destination.load(journal)
        await destination.activate(journal)
        await destination.dropPrevious(journal)
      }
      await trial.write()
      const survived = await run(dies).then(
        () => true,
        (error: unknown) => {
          if (error === killed) return false
          throw error
        },
      )
      if (survived) break
      await run(Infinity)
      t.strictSame(await trial.content(), atSnapshot, `killed at write ${dies}`)
      t.strictSame(await trial.beside(), beside, `nothing is left beside, killed at write ${dies}`)
    }
  })

  await t.test('where switching is impossible the former data serves on', async (t) => {
    const trial = await open(t)
    const { entry, context, atSnapshot } = await backedUp(t, kind, trial)
    await trial.write()
    const former = await trial.content()
    const journal = await memoryJournal()
    const destination = kind.openRestore(trial.settings, entry, context('restore-a'))
    await destination.load(journal)
    const release = await trial.obstruct()
    t.match(await failureOf(destination.activate(journal)), { why: String })
    t.strictSame(await trial.content(), former)
    await release()
    await destination.activate(journal)
    t.strictSame(await trial.content(), atSnapshot)
  })

  await t.test('a second snapshot replaces the first, even one that is answered late', async (t) => {
    const trial = await open(t)
    const { context, root } = storageOf(t, trial.context)
    const source = kind.openBackup(trial.settings, context('backup-a'))
    await source.prepare()
    // the window it was for ended before it was answered
    const late = source.snapshot().catch(() => undefined)
    await source.prepare()
    await trial.write()
    await source.snapshot()
    await late
    const second = await trial.content()
    await trial.write()
    const entry = await source.complete('a/db')
    await source.close()
    if (!kind.capabilities.keepsItsOwnBackups) t.ok((await readdir(join(root, 'a'))).includes('db'))
    const destination = kind.openRestore(trial.settings, entry, context('restore-a'))
    const journal = await memoryJournal()
    await destination.load(journal)
    await destination.activate(journal)
    t.strictSame(await trial.content(), second)
  })

  await t.test('told to stop, a backup and a restore leave nothing', async (t) => {
    const trial = await open(t)
    const { entry, context, root } = await backedUp(t, kind, trial)
    const stop = new AbortController()
    const source = kind.openBackup(trial.settings, { ...context('backup-b'), signal: stop.signal })
    await source.prepare()
    await source.snapshot()
    const completing = source.complete('b/db')
    setTimeout(() => stop.abort(new Error('told to stop')), 30)
    await t.rejects(completing, { message: 'told to stop' })
    await source.close()
    t.strictSame(
      (await readdir(root, { recursive: true })).filter((path) => path.startsWith('b/')),
      [],
    )

    const halt = new AbortController()
    const under = { ...context('restore-b'), signal: halt.signal }
    // Longer than it takes to be told, however fast the server loads.
    const slowly: Storage['read'] = async (...of) => {
      await sleep(300)
      return await under.storage.read(...of)
    }
    const storage = { ...under.storage, read: slowly }
    const destination = kind.openRestore(trial.settings, entry, { ...under, storage })
    const journal = await memoryJournal()
    const goOn = trial.delay?.()
    const loading = destination.load(journal)
    setTimeout(() => halt.abort(new Error('told to stop')), 150)
    await t.rejects(loading, { message: 'told to stop' })
    goOn?.()
    await destination.deactivate(journal)
    await destination.discard(journal)
    t.strictSame(await trial.beside(), [])
  })
}

/** A backup of a trial whose data went on changing while it was written. */
export async function backedUp(
  t: Test,
  kind: DatabaseKind,
  trial: Pick<Trial, 'content' | 'context' | 'settings' | 'write'>,
) {
  const { context, root } = storageOf(t, trial.context)
  const source = kind.openBackup(trial.settings, context('backup-a'))
  const described = await source.describe()
  t.ok(described.tables.length > 0)
  noErrors(t, await source.preflight())
  await source.prepare()
  const atSnapshot = await trial.content()
  await source.snapshot()
  await trial.write()
  const entry = JSON.parse(JSON.stringify(await source.complete('name/db'))) as DatabaseBackup
  await source.close()
  return { entry, context, root, folder: join(root, 'name', 'db'), atSnapshot }
}

/** A backup that can be restored more than once, even where a restore ends the past of what it replaces. */
async function lasting(
  kind: DatabaseKind,
  trial: Trial,
  entry: DatabaseBackup,
  context: (operation: string) => TrialContext,
): Promise<DatabaseBackup> {
  const source = kind.openBackup(trial.settings, context('backup-a'))
  const lasts = await source.materialize?.(entry, await memoryJournal())
  await source.close()
  return lasts ?? entry
}

/** A storage of its own and contexts of operations on it. */
export function storageOf(
  t: Test,
  more: Partial<TrialContext> = {},
): { root: string; context(operation: string): TrialContext } {
  const root = t.testdir()
  const storage = volumeStorage(root, 'pvc://test')
  return {
    root,
    context: (operation) => ({
      storage,
      operation,
      events: jsonLineEvents(() => undefined),
      parallel: 2,
      schemas: [],
      signal: new AbortController().signal,
      ...more,
    }),
  }
}

export const killed = new Error('killed')

/** A journal in memory; the worker "dies" at the given write, which is not made. */
export async function memoryJournal(
  store: { document?: JournalDocument } = {},
  writes: number = Infinity,
): Promise<Journal> {
  let made = 0
  return await openJournal('restore-a', {
    read: () => Promise.resolve(structuredClone(store.document)),
    write(document) {
      made += 1
      if (made >= writes) return Promise.reject(killed)
      store.document = document
      return Promise.resolve()
    },
  })
}

export function noErrors(t: Test, findings: Awaited<ReturnType<RestoreDestination['preflight']>>): void {
  t.strictSame(
    findings.filter((finding) => finding.outcome === 'error'),
    [],
  )
}
