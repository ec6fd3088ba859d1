import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { projectFolder } from '../build/project.ts'
import { figuresOf } from './figures/figures.ts'
import { formatRows } from './figures/report.ts'
import { formatRatio, spreadOf, type Spread } from './figures/statistics.ts'

/**
 * Runs a measurement of an earlier revision and of this tree in turns, and prints what both of them measure side by
 * side. What follows `--` goes to the measurement.
 */
const { values, positionals } = parseArgs({
  args: process.argv.slice(2, process.argv.includes('--') ? process.argv.indexOf('--') : undefined),
  allowPositionals: true,
  options: {
    revision: { type: 'string' },
    turns: { type: 'string', default: '3' },
  },
})
const [bench] = positionals
const { revision } = values
if (bench === undefined || revision === undefined)
  throw new Error('usage: npm run bench:beside -- --revision COMMIT BENCH [-- OPTIONS OF THE BENCH]')
const options = process.argv.includes('--') ? process.argv.slice(process.argv.indexOf('--') + 1) : []

const folder = mkdtempSync(join(tmpdir(), 'bench-beside-'))
const former = join(folder, 'tree')
const run = (cwd: string, command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })

/** What one run of the measurement wrote. */
function measure(tree: string): Map<string, number> {
  const file = join(folder, 'measured.json')
  // Each tree brings its own Node, first on the path.
  run(tree, 'npm', 'exec', '--', 'node', `bench/${bench}.ts`, ...options, '--json', file)
  return figuresOf(JSON.parse(readFileSync(file, 'utf8')))
}

/** As `median (min–max)`, in the figure's own unit. */
function figureOf({ median, min, max }: Spread): string {
  const [middle, least, most] = [median, min, max].map((value) => Number(value.toPrecision(3)))
  return `${middle} (${least}–${most})`
}

try {
  run(projectFolder, 'git', 'worktree', 'add', '--quiet', '--detach', former, revision)
  run(former, 'npm', 'ci', '--silent')
  const before = new Map<string, number[]>()
  const now = new Map<string, number[]>()
  for (let turn = 0; turn < Number(values.turns); turn += 1) {
    for (const [tree, figures] of [
      [former, before],
      [projectFolder, now],
    ] as const) {
      for (const [name, value] of measure(tree)) figures.set(name, [...(figures.get(name) ?? []), value])
    }
  }
  const both = [...now].flatMap(([name, found]) => {
    const earlier = before.get(name)
    return earlier === undefined ? [] : [{ name, earlier: spreadOf(earlier), found: spreadOf(found) }]
  })
  if (both.length === 0) throw new Error('the two revisions measure nothing in common')
  process.stdout.write(
    formatRows([
      [bench, revision, 'now', 'now / then'],
      ...both.map(({ name, earlier, found }) => [
        name,
        figureOf(earlier),
        figureOf(found),
        formatRatio(found, earlier),
      ]),
    ]),
  )
} finally {
  run(projectFolder, 'git', 'worktree', 'remove', '--force', former)
  rmSync(folder, { recursive: true, force: true })
}
