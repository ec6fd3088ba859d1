import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { identify, isAlive, type ProcessId } from './processes.ts'
import { waitFor } from './waiting.ts'

/**
 * Runs `action` while no other process holds the lock file, for which it waits up to an hour.
 * The lock of a process that has died is taken over.
 */
export async function withLock<Result>(file: string, action: () => Promise<Result>): Promise<Result> {
  mkdirSync(dirname(file), { recursive: true })
  await waitFor(`the lock ${file}`, 3_600_000, () => {
    const holder = holderOf(file)
    if (holder !== undefined && !isAlive(holder)) rmSync(file, { force: true })
    writeFileSync(file, JSON.stringify(identify(process.pid)), { flag: 'wx' })
    return true
  })
  try {
    return await action()
  } finally {
    rmSync(file, { force: true })
  }
}

function holderOf(file: string): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessId
  } catch {
    return undefined
  }
}
