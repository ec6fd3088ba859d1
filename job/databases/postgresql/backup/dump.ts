import { join } from 'node:path'
import type { Events } from '../../../process/events.ts'
import { tellProgress } from '../../dump/progress.ts'
import { bytesBelow } from '../../dump/write-manifest.ts'
import type { Access } from '../access.ts'
import { lockPatienceMs } from '../tables.ts'
import { bestCompression, keepAlive, runTool, withToolEnvironment } from '../tools.ts'

/** pg_dump's own folder within a dump. */
export const dumpFolder = 'dump'

/**
 * Dumps some schemas of a snapshot, and the extensions, into a folder, on several connections. @returns how it was
 * compressed
 */
export async function dump(
  access: Access,
  options: {
    folder: string
    schemas: readonly string[]
    extensions: readonly string[]
    snapshot: string
    parallel: number
    title: string
    totalBytes: number
    events: Events
    signal: AbortSignal
  },
): Promise<string> {
  const { folder, snapshot, parallel, title, events, signal } = options
  const compression = await bestCompression(signal)
  const stop = tellProgress(events, title, options.totalBytes, () => bytesBelow(folder))
  try {
    const args = [
      '--format=directory',
      `--file=${join(folder, dumpFolder)}`,
      `--jobs=${parallel}`,
      `--compress=${compression}`,
      `--snapshot=${snapshot}`,
      ...choose(options),
    ]
    await withToolEnvironment(access, access.database, (env) =>
      runTool('pg_dump', args, env, `the dump of ${title}`, signal),
    )
    return compression
  } finally {
    stop()
  }
}

/** What pg_dump takes of a database. */
interface Choice {
  schemas: readonly string[]
  extensions: readonly string[]
}

function choose({ schemas, extensions }: Choice): string[] {
  const exactly = (name: string) => `"${name.replaceAll('"', '""')}"`
  return [
    keepAlive,
    '--no-password',
    '--strict-names',
    `--lock-wait-timeout=${lockPatienceMs}`,
    ...schemas.map((schema) => `--schema=${exactly(schema)}`),
    ...extensions.map((extension) => `--extension=${exactly(extension)}`),
  ]
}

/**
 * Lets pg_dump do all but copy rows: it connects by its own means, locks each table and reads every definition.
 * @throws Failure with what it said
 */
export async function tryDump(access: Access, title: string, choice: Choice, signal: AbortSignal): Promise<void> {
  const args = ['--schema-only', '--file=/dev/null', ...choose(choice)]
  await withToolEnvironment(access, access.database, (env) =>
    runTool('pg_dump', args, env, `a dump of ${title} without rows`, signal),
  )
}
