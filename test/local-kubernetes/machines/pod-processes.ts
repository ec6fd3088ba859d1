import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, signal } from '../../../build/processes.ts'
import { waitFor } from '../../../build/waiting.ts'
import { Failure } from '../../../operation/failure.ts'

/**
 * The host's ids of a pod's processes, but for the one that holds its sandbox. Nodes share the host's process table.
 */
export function processesOf(podUid: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) =>
    controlGroupsOf(pid).includes(podUid) && read(`/proc/${pid}/comm`).trim() !== 'pause' ? [Number(pid)] : [],
  )
}

/**
 * Sends a signal to all processes of a pod, from outside of it: SIGKILL is a crash, SIGSTOP a process that hangs.
 * @throws Failure where it has none
 */
export function signalPod(podUid: string, name: NodeJS.Signals): void {
  const pids = processesOf(podUid)
  if (pids.length === 0) throw noProcess(podUid, 'no process of it runs')
  for (const pid of pids) signal(pid, name)
}

/** Sends a signal to those processes of a pod whose command line is like this. @returns how many */
export function signalCommands(podUid: string, command: RegExp, name: NodeJS.Signals): number {
  const pids = processesOf(podUid).filter((pid) => command.test(read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')))
  for (const pid of pids) signal(pid, name)
  return pids.length
}

/**
 * Lets a pod's container run out of memory: its limit is lowered to little more than it uses, and that is filled. The
 * kernel ends its largest process.
 * @throws Failure where the kernel ended none
 */
export async function exhaustMemory(podUid: string): Promise<void> {
  const [pid] = processesOf(podUid)
  if (pid === undefined) throw noProcess(podUid, 'no process of it runs')
  const group = memoryGroupOf(pid)
  const limit = Number(read(join(group.folder, group.usage))) + (16 << 20)
  writeFileSync(join(group.folder, group.limit), String(limit))
  // Files in memory count for the group of who writes them, and the writer is smaller than what is to be ended. As much
  // as the limit allows: of what is used some is cache, which gives way.
  const filler = `/dev/shm/${podUid}`
  const mebibytes = (limit >> 20) - 4
  const fill = 'echo $$ >"$1/cgroup.procs" && exec dd if=/dev/zero of="$2" bs=1M count="$3"'
  try {
    // It may be ended as well, once the other is.
    await run('sh', ['-euc', fill, 'sh', group.folder, filler, String(mebibytes)], { timeoutMs: 20_000 }).catch(
      () => undefined,
    )
  } finally {
    rmSync(filler, { force: true })
  }
  await waitFor(
    `the end of pod ${podUid} for want of memory`,
    3000,
    () => !processesOf(podUid).includes(pid) || undefined,
  )
}

function memoryGroupOf(pid: number): { folder: string; usage: string; limit: string } {
  const lines = controlGroupsOf(pid)
    .split('\n')
    .map((line) => line.split(':'))
  const [, , first] = lines.find(([, controllers]) => controllers?.split(',').includes('memory')) ?? []
  if (first !== undefined)
    return {
      folder: join('/sys/fs/cgroup/memory', first),
      usage: 'memory.usage_in_bytes',
      limit: 'memory.limit_in_bytes',
    }
  return { folder: join('/sys/fs/cgroup', lines[0]?.[2] ?? ''), usage: 'memory.current', limit: 'memory.max' }
}

/** Some runtimes write a pod's id with underscores. */
function controlGroupsOf(pid: number | string): string {
  return read(`/proc/${pid}/cgroup`).replaceAll('_', '-')
}

/** Empty where the process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function noProcess(podUid: string, why: string): Failure {
  return new Failure({
    what: `the processes of pod ${podUid} could not be ended`,
    why,
    next: 'See with kubectl whether the pod still runs.',
  })
}
