import { spawn, type ChildProcess } from 'node:child_process'
import { workerSqlImage } from '../../../build/images/worker-images.ts'

/** How one run of `kubectl scalardl` ended. */
export interface Run {
  code: number
  stdout: string
  stderr: string
  ms: number
}

/** Where the plugin and its cluster are. */
export interface Plugin {
  executable: string
  kubeconfig: string
  context: string
  images: { workerSql: string }
}

/** The commands whose Job needs the worker's image; a cluster with a registry of its own has it under another name. */
const withJob = new Set(['backup', 'restore', 'pause', 'unpause', 'doctor', 'import', 'delete', 'copy'])

export interface RunOptions {
  namespace: string
  /** typed at the prompt; absent: no terminal, nothing to read */
  input?: string
  environment?: Record<string, string>
  /** ms after which a hanging run is killed and the test fails */
  timeoutMs?: number
  onStderr?: (text: string) => void
}

/** Starts the plugin and hands out the process, for tests that interrupt it. */
export function start(
  plugin: Plugin,
  args: readonly string[],
  options: RunOptions,
): { child: ChildProcess; ended: Promise<Run> } {
  const startedAt = Date.now()
  const image =
    plugin.images.workerSql !== workerSqlImage && withJob.has(args[0] ?? '') ? ['--image', plugin.images.workerSql] : []
  // What comes after `--` is no flag of the plugin's.
  const end = args.includes('--') ? args.indexOf('--') : args.length
  const all = [
    ...args.slice(0, end),
    ...image,
    '-n',
    options.namespace,
    '--kubeconfig',
    plugin.kubeconfig,
    '--context',
    plugin.context,
    ...args.slice(end),
  ]
  const child = spawn(plugin.executable, all, {
    env: { ...process.env, NO_COLOR: '1', ...options.environment },
    stdio: 'pipe',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    options.onStderr?.(text)
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input === undefined ? '' : `${options.input}\n`)
  const timer = setTimeout(() => {
    stderr += '\n(killed by the test: it took too long)\n'
    child.kill('SIGKILL')
  }, options.timeoutMs ?? 240_000)
  const ended = new Promise<Run>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => {
      clearTimeout(timer)
      resolve({ code: status ?? -1, stdout, stderr, ms: Date.now() - startedAt })
    })
  })
  return { child, ended }
}

/** Runs `kubectl scalardl` to its end, whatever its exit code. */
export function run(plugin: Plugin, args: readonly string[], options: RunOptions): Promise<Run> {
  return start(plugin, args, options).ended
}
