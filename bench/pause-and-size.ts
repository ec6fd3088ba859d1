// Room: the measurements of bench/README, a command each.
// Read pause-and-size, then any other.

import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { messageOf } from '../operation/failure.ts'
import { useGround } from './ground/ground.ts'
import type { Parts } from './figures/phases.ts'
import { closeSized, forget, openSized, timeBackup, timeRestore, type SizedRelease } from './ground/release.ts'
import { formatSeries, spreads } from './figures/report.ts'

/**
 * Does the pause of a backup grow with the database, PostgreSQL or MariaDB? Releases of several sizes beside each
 * other, in turns.
 */
const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'postgresql' },
    rounds: { type: 'string', default: '3' },
    /** MB, the smallest first */
    sizes: { type: 'string', default: '10,1000' },
    /** leaves restores out */
    'no-restore': { type: 'boolean', default: false },
    json: { type: 'string' },
    context: { type: 'string' },
    kubeconfig: { type: 'string' },
    'image-load': { type: 'string' },
    registry: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

interface Measured {
  release: SizedRelease
  backups: Parts[]
  restores: Parts[]
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`
}

async function measure(measured: readonly Measured[], rounds: number): Promise<void> {
  for (let round = 0; round <= rounds; round += 1) {
    for (const { release, backups, restores } of measured) {
      const name = `round-${round}`
      const backup = await timeBackup(release, name)
      say(
        `${release.title}, ${round === 0 ? 'warm-up' : `round ${round}`}: ` +
          `paused for ${backup['pause']} ms, ${backup['whole run']} ms in all`,
      )
      if (round > 0) {
        backups.push(backup)
        if (!values['no-restore']) restores.push(await timeRestore(release, name))
      }
      await forget(release, name)
    }
  }
}

function report(measured: readonly Measured[]): string {
  const sizes = measured.map(
    ({ release }) => `${release.title} of ballast: ${megabytes(release.bytes)} in the databases`,
  )
  const tables = (['backups', 'restores'] as const)
    .filter((what) => measured.some((one) => one[what].length > 0))
    .map((what) =>
      formatSeries(
        what.slice(0, -1).toUpperCase(),
        measured.map((one) => ({ title: one.release.title, rounds: one[what] })),
      ),
    )
  return `${sizes.join('\n')}\n\n${tables.join('\n')}`
}

function document(measured: readonly Measured[]): unknown {
  return {
    measuredAt: new Date().toISOString(),
    unit: 'ms',
    database: values.database,
    sizes: measured.map(({ release, backups, restores }) => ({
      title: release.title,
      databaseBytes: release.bytes,
      backup: spreads({ title: release.title, rounds: backups }),
      restore: spreads({ title: release.title, rounds: restores }),
    })),
  }
}

async function main(): Promise<void> {
  const rounds = Number(values.rounds)
  const sizes = values.sizes.split(',').map(Number)
  if (![rounds, ...sizes].every((number) => Number.isInteger(number) && number > 0))
    throw new RangeError('--rounds and --sizes are whole numbers')
  const { database } = values
  if (database !== 'postgresql' && database !== 'mysql') throw new RangeError('--database is postgresql or mysql')
  const ground = await useGround({
    context: values.context,
    kubeconfig: values.kubeconfig,
    imageLoad: values['image-load'],
    registry: values.registry,
  })
  const measured: Measured[] = []
  try {
    for (const size of sizes) {
      const release = await openSized(size, database)
      say(
        `${release.title}: ${megabytes(release.bytes)} in the databases after ${Math.round(release.seededMs / 1000)} s`,
      )
      measured.push({ release, backups: [], restores: [] })
    }
    await measure(measured, rounds)
    process.stdout.write(report(measured))
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(document(measured), null, 2)}\n`)
  } finally {
    if (!values.keep) {
      for (const size of sizes) await closeSized(size)
      await ground.down()
    }
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
})
