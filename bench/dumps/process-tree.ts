import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What a command took, with all that it started. */
export interface Ran {
  ms: number
  /** the most that its processes had together in the memory, MiB */
  mebibytes: number
  stdout: string
}

/** How often its memory is looked at, ms. */
const lookMs = 20

/** Runs a command. @throws Error with its words where it fails */
export async function runMeasured(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const startedMs = performance.now()
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [mebibytes, stdout, stderr] = [0, '', '']
  child.stdout.on('data', (text) => (stdout += String(text)))
  child.stderr.on('data', (text) => (stderr += String(text)))
  const timer = setInterval(() => (mebibytes = Math.max(mebibytes, memoryOf(child.pid ?? 0))), lookMs)
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  clearInterval(timer)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr.slice(-2000)}`)
  return { ms: performance.now() - startedMs, mebibytes, stdout }
}

/** What a process and its descendants have in the memory now, MiB; what several share counts for each. */
function memoryOf(root: number): number {
  const statuses = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statusOf(name) ?? [])
  const children = Map.groupBy(statuses, ({ parent }) => parent)
  const sum = (pid: number, kibibytes: number): number =>
    (children.get(pid) ?? []).reduce((all, child) => all + sum(child.pid, child.kibibytes), kibibytes)
  return sum(root, statuses.find(({ pid }) => pid === root)?.kibibytes ?? 0) / 1024
}

function statusOf(pid: string): { pid: number; parent: number; kibibytes: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8')
    const number = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
    return { pid: Number(pid), parent: number('PPid'), kibibytes: number('VmRSS') }
  } catch {
    // It has ended meanwhile.
    return undefined
  }
}
