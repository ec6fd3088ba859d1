import { mkdir, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '../../../operation/finding.ts'
import { volumeFailure } from './error.ts'
import { makeFolder } from './folder.ts'
import { formatBytes } from '../bytes.ts'
import { probeFolder } from '../probe-folder.ts'
import type { Volume } from './read.ts'

/** Whether a folder on a volume can be written to and has room for `bytes`; what it makes for the trial it removes. */
export async function probeVolume({ root, title }: Volume, bytes: number, operation: string): Promise<Finding[]> {
  let made: string | undefined
  try {
    made = await makeFolder(root)
    await writeProbe(join(root, probeFolder(operation)))
    const { bavail, bsize } = await statfs(root)
    return [
      { check: 'storage', subject: title, outcome: 'ok', message: 'writable' },
      room(title, bytes, bavail * bsize),
    ]
  } catch (error) {
    const { why, next } = volumeFailure(title, 'not writable', error)
    return [{ check: 'storage', subject: title, outcome: 'error', message: why, cure: next }]
  } finally {
    if (made !== undefined) await rm(made, { recursive: true, force: true }).catch(() => undefined)
  }
}

async function writeProbe(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder)
    const file = await open(join(folder, 'probe'), 'w')
    try {
      await file.writeFile('probe')
      await file.sync()
    } finally {
      await file.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function room(title: string, bytes: number, free: number): Finding {
  const check = { check: 'free space', subject: title }
  const message = `${formatBytes(free)} free, about ${formatBytes(bytes)} needed at most`
  if (free >= bytes) return { ...check, outcome: 'ok', message }
  return {
    ...check,
    outcome: 'error',
    message,
    cure:
      'remove backups that are no longer needed (kubectl scalardl delete backup), enlarge the claim, ' +
      'or use another with --to',
  }
}
