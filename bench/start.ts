import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seal } from '../build/executable.ts'
import { messageOf } from '../operation/failure.ts'
import { useCluster } from '../test/local-kubernetes/target.ts'
import { openLargeNamespace } from './ground/large-namespace.ts'
import { formatRatio, formatSpread, spreadOf, type Spread } from './figures/statistics.ts'
import { formatRows } from './figures/report.ts'

/**
 * How long the plugin takes to start and answer, beside kubectl itself doing the like; and how long with very many
 * releases and records, told by a server that has them in memory.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    releases: { type: 'string', default: '200' },
    records: { type: 'string', default: '10000' },
    json: { type: 'string' },
    context: { type: 'string' },
    kubeconfig: { type: 'string' },
    namespace: { type: 'string', short: 'n', default: 'default' },
  },
})

const warmUps = 2
const largeRuns = 5
const executable = 'dist/kubectl-scalardl'
const plugin = existsSync(executable) ? [executable] : [process.execPath, 'plugin/main.ts']

interface Contender {
  title: string
  /** the kubectl command that does the like */
  beside: string
  command: string[]
}

/** How long one command takes from its start to its end, ms. @throws Error where it fails */
function timeOnce([program = '', ...args]: readonly string[]): Promise<number> {
  const startedMs = performance.now()
  // What a machine adds to Node's certificates is read at each start, and is none of the plugin's.
  const { NODE_EXTRA_CA_CERTS: _added, ...env } = process.env
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0
        ? resolve(performance.now() - startedMs)
        : reject(new Error(`${program} ${args.join(' ')} failed: ${stderr}`)),
    )
  })
}

/** In turns, so that whatever else this machine does meets all of them alike. */
async function race(commands: readonly string[][], runs: number): Promise<Spread[]> {
  const times = commands.map((): number[] => [])
  for (let run = -warmUps; run < runs; run += 1) {
    for (const [index, command] of commands.entries()) {
      const ms = await timeOnce(command)
      if (run >= 0) times[index]?.push(ms)
    }
  }
  return times.map(spreadOf)
}

/** The cluster that was named, or the one that the end-to-end tests are prepared for, or this machine's own. */
async function target(): Promise<{ kubectl: string; flags: string[] }> {
  const {
    SCALARDL_TEST_KUBECONFIG: kubeconfig,
    SCALARDL_TEST_CONTEXT: context,
    SCALARDL_TEST_KUBECTL: kubectl,
  } = process.env
  const flagsOf = (file: string, name: string) => ['--kubeconfig', file, '--context', name, '-n', values.namespace]
  if (kubeconfig !== undefined && context !== undefined && kubectl !== undefined)
    return { kubectl, flags: flagsOf(kubeconfig, context) }
  // The images of this target are never used; nothing is put into the cluster.
  const cluster = await useCluster({
    name: 'bench',
    context: values.context,
    kubeconfig: values.kubeconfig,
    imageLoad: ': {archive}',
  })
  return { kubectl: cluster.kubectlPath, flags: flagsOf(cluster.kubeconfig, cluster.context) }
}

/** An executable made like the plugin's of a program that prints one line: what Node itself takes. */
async function bareExecutable(folder: string): Promise<string> {
  const main = join(folder, 'bare.cjs')
  await writeFile(main, "process.stdout.write('bare\\n', () => process.exit())\n")
  const executable = join(folder, 'bare')
  await seal(main, executable)
  return executable
}

/** What a shell asks when a person presses Tab after `describe backup`. */
function completion(flags: readonly string[]): string[] {
  return [...plugin, '__complete', 'describe', 'backup', ...flags, '']
}

async function raceInLargeNamespace(releases: number, records: number): Promise<[string, Spread][]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-start-'))
  const large = await openLargeNamespace(folder, releases, records)
  try {
    const flags = ['--kubeconfig', large.kubeconfig, '-n', 'ns']
    const commands = {
      status: [...plugin, 'status', ...flags],
      'get backups': [...plugin, 'get', 'backups', ...flags],
      completion: completion(flags),
    }
    const spreads = await race(Object.values(commands), Math.min(largeRuns, Number(values.runs)))
    return Object.keys(commands).flatMap((title, at): [string, Spread][] => {
      const spread = spreads[at]
      return spread === undefined ? [] : [[title, spread]]
    })
  } finally {
    large.close()
    rmSync(folder, { recursive: true })
  }
}

async function main(): Promise<void> {
  const [runs, releases, records] = [values.runs, values.releases, values.records].map(Number)
  if (!isCount(runs) || !isCount(releases) || !isCount(records))
    throw new RangeError('--runs, --releases and --records are whole numbers')
  const { kubectl, flags } = await target()
  const folder = await mkdtemp(join(tmpdir(), 'bench-bare-'))
  const beside: Contender[] = [
    {
      title: 'Node alone, one line',
      beside: 'kubectl version --client',
      command: [await bareExecutable(folder)],
    },
    {
      title: 'kubectl version --client',
      beside: 'kubectl version --client',
      command: [kubectl, 'version', '--client'],
    },
    { title: 'kubectl get pods', beside: 'kubectl get pods', command: [kubectl, 'get', 'pods', ...flags] },
    { title: 'kubectl scalardl version', beside: 'kubectl version --client', command: [...plugin, 'version'] },
    { title: 'kubectl scalardl --help', beside: 'kubectl version --client', command: [...plugin, '--help'] },
    { title: 'kubectl scalardl status', beside: 'kubectl get pods', command: [...plugin, 'status', ...flags] },
    {
      title: 'kubectl scalardl get backups',
      beside: 'kubectl get pods',
      command: [...plugin, 'get', 'backups', ...flags],
    },
    { title: 'kubectl scalardl <TAB>', beside: 'kubectl get pods', command: completion(flags) },
  ]
  const spreads = await race(
    beside.map(({ command }) => command),
    runs,
  ).finally(() => rm(folder, { recursive: true }))
  const byTitle = new Map(beside.map(({ title }, index) => [title, spreads[index]]))
  const rows = beside.flatMap(({ title, beside: other }) => {
    const [own, theirs] = [byTitle.get(title), byTitle.get(other)]
    return own === undefined || theirs === undefined
      ? []
      : [[title, formatSpread(own), title === other ? '' : formatRatio(own, theirs), title === other ? '' : other]]
  })
  process.stdout.write(
    formatRows([[`START (${plugin.at(-1)})`, `median of ${runs} (min–max)`, 'times', 'of'], ...rows]),
  )
  const large = await raceInLargeNamespace(releases, records)
  const title = `${releases} RELEASES, ${records} RECORDS`
  process.stdout.write(
    `\n${formatRows([[title, 'median'], ...large.map(([name, spread]) => [name, formatSpread(spread)])])}`,
  )
  if (values.json !== undefined) {
    const document = {
      measuredAt: new Date().toISOString(),
      unit: 'ms',
      plugin: plugin.at(-1),
      commands: Object.fromEntries(byTitle),
      large: { releases, records, commands: Object.fromEntries(large) },
    }
    await writeFile(values.json, `${JSON.stringify(document, null, 2)}\n`)
  }
}

function isCount(number: number | undefined): number is number {
  return number !== undefined && Number.isInteger(number) && number > 0
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
})
