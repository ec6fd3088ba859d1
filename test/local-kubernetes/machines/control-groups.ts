import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '../../../build/waiting.ts'

/**
 * A version 1 group has the share of one process beside all those of the host that are in no group, 1024, and a busy
 * host starves its pods. Version 2 weighs the host's processes together, and needs none.
 */
const cpuShares = 4096

/** Makes the control group under which a node's kubelet keeps its pods, in every hierarchy of the host. */
export function makeControlGroup(name: string): void {
  for (const { folder, version } of controlling(hierarchies())) {
    const group = join(folder, name)
    if (version === 2) {
      // A controller reaches the group only if each parent passes it on.
      passControllersOn(folder)
      mkdirSync(group, { recursive: true })
      passControllersOn(group)
    } else {
      mkdirSync(group, { recursive: true })
      // A new cpuset is empty, and nothing could run in it.
      for (const file of ['cpuset.mems', 'cpuset.cpus']) copyIfThere(join(folder, file), join(group, file))
      if (existsSync(join(group, 'cpu.shares'))) writeFileSync(join(group, 'cpu.shares'), String(cpuShares))
    }
  }
}

/** Removes the group and those below it, once the last process in them has ended. */
export async function removeControlGroup(name: string): Promise<void> {
  for (const { folder } of hierarchies()) {
    const group = join(folder, name)
    if (!existsSync(group)) continue
    await waitFor(`the end of the processes in ${group}`, 20_000, () => {
      removeTree(group)
      return true
    })
  }
}

interface Hierarchy {
  folder: string
  version: 1 | 2
}

function hierarchies(): Hierarchy[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
  return mounts.flatMap(([, folder = '', type]) =>
    type === 'cgroup' || type === 'cgroup2' ? [{ folder, version: type === 'cgroup' ? 1 : 2 }] : [],
  )
}

// A version 2 mount beside version 1 ones has no controllers; runc makes groups in it by itself.
function controlling(all: Hierarchy[]): Hierarchy[] {
  const first = all.filter(({ version }) => version === 1)
  return first.length > 0 ? first : all
}

function passControllersOn(group: string): void {
  const controllers = readFileSync(join(group, 'cgroup.controllers'), 'utf8').trim().split(' ').filter(Boolean)
  for (const controller of controllers) {
    try {
      writeFileSync(join(group, 'cgroup.subtree_control'), `+${controller}`)
    } catch {
      // Some cannot be passed on here; the kubelet names those that it misses.
    }
  }
}

function removeTree(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(group, entry.name))
  rmdirSync(group)
}

function copyIfThere(from: string, to: string): void {
  if (existsSync(from)) writeFileSync(to, readFileSync(from))
}
