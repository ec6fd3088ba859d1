// Room: the nodes: processes of their own on a network of their own, and how they are broken.
// Read machine, network, node, control-plane, cuts.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { cacheFolder } from '../../../build/cache.ts'
import {
  childrenOf,
  identify,
  isAlive,
  run,
  signal,
  startDaemon,
  type ProcessId,
  type RunOptions,
} from '../../../build/processes.ts'
import { waitFor } from '../../../build/waiting.ts'

/** Where the cache folder is seen inside every machine. */
const cacheInside = '/mnt'

/**
 * One machine of a cluster: process, mount and network namespaces with a first process of their own, so that ending
 * that one process ends, as a power cut would, every other process, mount, interface and firewall rule of the machine.
 * It sees the host's file system, with its own /run (gone on each start), /var/lib and /var/log (kept in `folder`).
 */
export class Machine {
  readonly name: string
  /** what stays of the machine while it is off */
  readonly folder: string

  constructor(name: string, folder: string) {
    this.name = name
    this.folder = folder
  }

  /** The path by which a file of the cache folder is seen inside. */
  inside(path: string): string {
    return join(cacheInside, relative(cacheFolder(), path))
  }

  isOn(): boolean {
    const process = this.#read('machine')
    return process !== undefined && isAlive(process)
  }

  /** Starts the machine with nothing but its first process, the program `pause`. */
  async start(pause: string): Promise<void> {
    for (const folder of ['lib', 'log', 'etc', 'processes']) mkdirSync(join(this.folder, folder), { recursive: true })
    const namespaces = [
      '--fork',
      '--kill-child',
      '--pid',
      '--mount',
      '--mount-proc',
      '--propagation',
      'private',
      '--net',
      '--uts',
    ]
    const process = startDaemon('unshare', [...namespaces, pause, this.name], this.logFile('machine'))
    this.#write('machine', process)
    await waitFor(`the first process of ${this.name}`, 10_000, () => this.#firstProcess())
    await this.#mount()
    await this.run('hostname', [this.name])
  }

  /** Ends everything in the machine at once, without a chance to say goodbye, and waits until it is gone. */
  async stop(): Promise<void> {
    const unshare = this.#read('machine')
    if (unshare === undefined || !isAlive(unshare)) return
    const first = childrenOf(unshare.pid)
      .map((pid) => identify(pid))
      .filter((process) => process !== undefined)
    for (const process of first) signal(process.pid, 'SIGKILL')
    signal(unshare.pid, 'SIGKILL')
    const all = [unshare, ...first]
    await waitFor(`the end of ${this.name}`, 30_000, () => all.every((process) => !isAlive(process)) || undefined)
  }

  /** Runs a program in the machine to its end. */
  async run(program: string, args: string[], options?: RunOptions): Promise<string> {
    return run('nsenter', [...this.#enter(), program, ...args], options)
  }

  /** Starts a component in the machine; a second start of one that runs does nothing. */
  startComponent(component: string, program: string, args: string[]): void {
    if (this.hasComponent(component)) return
    const process = startDaemon('nsenter', [...this.#enter(), program, ...args], this.logFile(component))
    this.#write(component, process)
  }

  hasComponent(component: string): boolean {
    const process = this.#read(component)
    return process !== undefined && isAlive(process)
  }

  /** Kills a component, as a crash would. */
  async stopComponent(component: string): Promise<void> {
    const entered = this.#read(component)
    if (entered === undefined || !isAlive(entered)) return
    this.signalComponent(component, 'SIGKILL')
    await waitFor(`the end of ${component}`, 10_000, () => !isAlive(entered) || undefined)
  }

  /** Sends a component a signal: after SIGSTOP it hangs, until SIGCONT. */
  signalComponent(component: string, name: NodeJS.Signals): void {
    const entered = this.#read(component)
    if (entered === undefined || !isAlive(entered)) return
    for (const pid of childrenOf(entered.pid)) signal(pid, name)
    // nsenter halts with its child, but does not go on with it
    if (name === 'SIGCONT') signal(entered.pid, name)
  }

  logFile(component: string): string {
    return join(this.folder, `${component}.log`)
  }

  /** The process id, on the host, of the machine's first process. */
  get pid(): number {
    const pid = this.#firstProcess()
    if (pid === undefined) throw new Error(`${this.name} is off`)
    return pid
  }

  #firstProcess(): number | undefined {
    const unshare = this.#read('machine')
    return unshare !== undefined && isAlive(unshare) ? childrenOf(unshare.pid)[0] : undefined
  }

  async #mount(): Promise<void> {
    // The cache comes first: it may lie under one of the folders that are covered next.
    await this.run('mount', ['--bind', cacheFolder(), cacheInside])
    await this.run('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/run'])
    await this.run('mount', ['--bind', this.inside(join(this.folder, 'lib')), '/var/lib'])
    await this.run('mount', ['--bind', this.inside(join(this.folder, 'log')), '/var/log'])
    // Pods may ask for mounts that pass from the machine to them or back.
    await this.run('mount', ['--make-rshared', '/'])
  }

  #enter(): string[] {
    return ['--target', String(this.pid), '--mount', '--net', '--pid', '--uts', '--']
  }

  #read(component: string): ProcessId | undefined {
    try {
      return JSON.parse(readFileSync(this.#file(component), 'utf8')) as ProcessId
    } catch {
      return undefined
    }
  }

  #write(component: string, process: ProcessId): void {
    writeFileSync(this.#file(component), JSON.stringify(process))
  }

  #file(component: string): string {
    return join(this.folder, 'processes', `${component}.json`)
  }

  /** Forgets the machine and all that it kept. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
