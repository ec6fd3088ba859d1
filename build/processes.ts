import { spawn } from 'node:child_process'
import { createReadStream, openSync, closeSync, readFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Failure } from '../operation/failure.ts'

/** A process as it is remembered between runs: a pid alone may have passed to another program. */
export interface ProcessId {
  pid: number
  /** clock ticks since boot, field 22 of /proc/PID/stat */
  startTime: string
}

export interface RunOptions {
  /** ends the program after this long; 60 000 ms when not given */
  timeoutMs?: number
  input?: string
  /** a file to read as standard input */
  inputFile?: string
  cwd?: string
  environment?: NodeJS.ProcessEnv
}

/** Runs a program to its end and returns its standard output. Throws a Failure with the end of its error output. */
export async function run(program: string, args: string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.environment ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4000)))
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) =>
      resolve(code === 0 ? undefined : `it ended with ${signal ?? `exit code ${code}`}`),
    )
  })
  // A program may end without reading all of its input: its exit code says what that means.
  child.stdin.on('error', () => undefined)
  if (options.inputFile === undefined) child.stdin.end(options.input ?? '')
  else await pipeline(createReadStream(options.inputFile), child.stdin).catch(() => undefined)
  const problem = await ended
  if (problem !== undefined) {
    throw new Failure({
      what: `${program} ${args.slice(0, 6).join(' ')} failed`,
      why: [errors.trim() || output.trim().slice(-2000), problem].filter(Boolean).join('; '),
      next: 'Run the command by hand to see more.',
    })
  }
  return output
}

/** Starts a program that stays when this one ends; what it says goes to `logFile`. */
export function startDaemon(program: string, args: string[], logFile: string): ProcessId {
  const log = openSync(logFile, 'a')
  try {
    const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log] })
    child.on('error', () => undefined)
    child.unref()
    const id = child.pid === undefined ? undefined : identify(child.pid)
    if (id === undefined) {
      throw new Failure({
        what: `${program} did not start`,
        why: 'the process was gone at once',
        next: `Read ${logFile}.`,
      })
    }
    return id
  } finally {
    closeSync(log)
  }
}

/** The lasting identity of a running process, or undefined if there is none. */
export function identify(pid: number): ProcessId | undefined {
  const fields = statOf(pid)
  const startTime = fields?.[19]
  return startTime === undefined || fields?.[0] === 'Z' ? undefined : { pid, startTime }
}

export function isAlive(process: ProcessId): boolean {
  return identify(process.pid)?.startTime === process.startTime
}

/** The processes that `pid` started itself. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Sends a signal; a process that is gone already is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

// The fields of /proc/PID/stat from the third on: the second, the program's name, may hold spaces.
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
