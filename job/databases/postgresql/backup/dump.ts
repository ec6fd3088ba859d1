import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BackupContext } from '../../database.ts'
import type { DumpedFile } from '../../dump/manifest.ts'
import { writeFile } from '../../dump/write-file.ts'
import type { Access } from '../access.ts'
import { lockPatienceMs, type Table } from '../tables.ts'
import { keepAlive, runTool, withToolEnvironment } from '../tools.ts'

/** pg_dump's own folder within a dump. */
export const dumpFolder = 'dump'

/**
 * Dumps what some schemas of a snapshot are made of, and the extensions: everything but the rows of their tables. It
 * is small, so it goes to the storage by a folder of the worker's own.
 */
export async function dumpDefinitions(
  access: Access,
  options: Choice &
    Pick<BackupContext, 'storage' | 'recipients' | 'signal'> & {
      tables: readonly Table[]
      snapshot: string
      title: string
      /** the dump's own, in the storage */
      folder: string
    },
): Promise<DumpedFile[]> {
  const { tables, snapshot, title, folder, signal } = options
  const scratch = await mkdtemp(join(tmpdir(), 'dump-'))
  try {
    const local = join(scratch, dumpFolder)
    const args = [
      '--format=directory',
      `--file=${local}`,
      // The configuration of an extension is left, a few rows.
      '--compress=0',
      `--snapshot=${snapshot}`,
      ...tables.map(({ schema, name }) => `--exclude-table-data=${pattern(schema)}.${pattern(name)}`),
      ...choose(options),
    ]
    await withToolEnvironment(access, access.database, (env) =>
      runTool('pg_dump', args, env, `the dump of ${title}`, signal),
    )
    const files: DumpedFile[] = []
    for (const name of (await readdir(local)).sort()) {
      const path = `${dumpFolder}/${name}`
      files.push(await writeFile(options, folder, path, createReadStream(join(local, name))))
    }
    return files
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** What pg_dump takes of a database. */
interface Choice {
  schemas: readonly string[]
  extensions: readonly string[]
}

/** A name as pg_dump's patterns have it, to stand for itself. */
function pattern(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function choose({ schemas, extensions }: Choice): string[] {
  return [
    keepAlive,
    '--no-password',
    '--strict-names',
    `--lock-wait-timeout=${lockPatienceMs}`,
    ...schemas.map((schema) => `--schema=${pattern(schema)}`),
    ...extensions.map((extension) => `--extension=${pattern(extension)}`),
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
