import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The shell's input ends when this process does, even by SIGKILL; its namespace and the disk in it end with it. */
const holds = 'mount -t tmpfs -o "size=$1" none "$2"; echo ready; exec cat'

/**
 * A disk of its own that can be filled up. It is mounted where the commands that begin with `enter` see it, and nobody
 * else, so that nothing of it can be left behind.
 */
export interface SmallDisk {
  /** what the command line of a process begins with that is to see the disk */
  enter: readonly string[]
  /** where this process finds a folder or file as those see it */
  seen(path: string): string
  /** puts a folder on the disk; what it holds already is hidden */
  hold(folder: string): Promise<void>
  /** writes until nothing more fits */
  fill(): void
  /** removes what fill() wrote */
  makeRoom(): void
  close(): Promise<void>
}

/**
 * Makes one, in memory.
 * @param at a folder, made where it is missing
 * @param size as `mount` takes it, such as 256m
 * @throws Error where this machine lets nobody mount a disk
 */
export async function smallDisk(at: string, size: string): Promise<SmallDisk> {
  mkdirSync(at, { recursive: true })
  const holder = spawn('unshare', ['--mount', 'sh', '-ec', holds, 'sh', size, at], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(holder, 'exit')
  const first = await Promise.race([once(holder.stdout, 'data'), ended])
  if (String(first[0]) !== 'ready\n') throw new Error('no disk can be mounted in a namespace of its own')
  const enter = ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, '--']
  const [program = '', ...words] = enter
  const seen = (path: string) => `/proc/${holder.pid}/root${path}`
  const filler = seen(join(at, 'filler'))
  let held = 0
  return {
    enter,
    seen,
    async hold(folder) {
      mkdirSync(folder, { recursive: true })
      const part = join(at, String((held += 1)))
      await run(program, [...words, 'sh', '-ec', 'mkdir "$1"; mount --bind "$1" "$2"', 'sh', part, folder])
    },
    fill() {
      const file = openSync(filler, 'a')
      try {
        for (let bytes = 1 << 20; bytes >= 1;) {
          try {
            writeSync(file, Buffer.alloc(bytes))
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
            bytes >>= 1
          }
        }
      } finally {
        closeSync(file)
      }
    },
    makeRoom: () => rmSync(filler, { force: true }),
    async close() {
      holder.stdin.end()
      await ended
    },
  }
}
