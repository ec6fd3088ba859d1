import type { Journal } from '../../journal/journal.ts'

/**
 * One step that changes the world. Whether it is done AWS alone knows, the journal keeps that it was begun: what an earlier
 * run finished may have been put back since, when a restore failed and was undone.
 * @param ensure looks before it acts, so that it may be called any number of times
 */
export async function ensureStep(journal: Journal, name: string, ensure: () => Promise<void>): Promise<void> {
  let ran = false
  const act = async () => {
    await ensure()
    ran = true
    return 'done'
  }
  await journal.step(name, { look: () => Promise.resolve(undefined), act })
  if (!ran) await ensure()
}
