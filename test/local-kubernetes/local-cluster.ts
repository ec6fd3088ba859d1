// Room: a real Kubernetes on this machine, without a hypervisor or a container engine.
// Read README.md, local-cluster, lifecycle, machines/.

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Failure } from '../../operation/failure.ts'
import { clusterFolder, readCluster, type Cluster } from './cluster.ts'
import { areBuilt, buildComponents } from './components.ts'
import { cutBetween, cutNode, mendBetween, mendNode } from './machines/cuts.ts'
import { addNode, isHealthy, kubectl, makeCluster, removeCluster, startNode } from './lifecycle.ts'
import { withLock } from '../../build/lock.ts'
import { disconnect } from './machines/network.ts'
import { importImage } from './machines/node.ts'
import type { RunOptions } from '../../build/processes.ts'
import { makeSmallVolume, removeSmallVolume, type SmallVolume } from './machines/small-volume.ts'
import { meetClusterRequirements } from './requirements.ts'

export interface ClusterOptions {
  /** a cluster of its own for each name; "default" when not given */
  name?: string
  /** how many nodes it must have at least; 1 when not given */
  nodes?: number
}

/** A running cluster of this machine. Nodes are counted from 1, and the first has the control plane. */
export class LocalCluster {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  get name(): string {
    return this.#cluster.name
  }

  /** where its state and logs are */
  get folder(): string {
    return this.#cluster.folder
  }

  get kubeconfig(): string {
    return this.#cluster.kubeconfig
  }

  get context(): string {
    return this.#cluster.context
  }

  /** A kubectl of the cluster's own version. */
  get kubectlPath(): string {
    return this.#cluster.components.kubectl
  }

  get nodes(): string[] {
    return this.#cluster.machines().map((machine) => machine.name)
  }

  /** Whether every node and component runs, and the API server answers. */
  async isHealthy(): Promise<boolean> {
    return isHealthy(this.#cluster)
  }

  async kubectl(args: string[], options?: RunOptions): Promise<string> {
    return kubectl(this.#cluster, args, options)
  }

  /** Gives every node the images of OCI or Docker archives, unless it has them; a node added later gets them too. */
  async loadImages(archives: string[]): Promise<void> {
    const { images } = this.#cluster.state
    for (const archive of archives.map((path) => resolve(path))) {
      const { size, mtimeMs } = statSync(archive)
      const content = `${size} ${mtimeMs}`
      if (images[archive] === content) continue
      await Promise.all(this.#cluster.machines().map((machine) => importImage(machine, archive)))
      images[archive] = content
      this.#cluster.saveState()
    }
  }

  /**
   * Makes a PersistentVolume that is soon full: a test's way to "no room". A claim asks for it by `volumeName`, storage
   * class ''.
   */
  async createSmallVolume(volume: SmallVolume): Promise<void> {
    await makeSmallVolume(this.#cluster, volume)
  }

  async removeSmallVolume(name: string): Promise<void> {
    await removeSmallVolume(this.#cluster, name)
  }

  /** Adds a node and returns its name. */
  async addNode(): Promise<string> {
    const number = await addNode(this.#cluster)
    return this.#cluster.machine(number).name
  }

  /** Cuts a node's power: all its processes end at once, and say goodbye to nobody; its disk stays. */
  async stopNode(number: number): Promise<void> {
    const machine = this.#machine(number)
    // A kernel that ends processes would close their connections for them. The link goes: sockets that nobody answers
    // keep it for a while.
    await disconnect(this.#cluster.network, number)
    await machine.stop()
  }

  /** Starts a stopped node, or the components of it that have ended, and waits until it is ready. */
  async startNode(number: number): Promise<void> {
    this.#machine(number)
    await startNode(this.#cluster, number)
  }

  /** Crashes one component, such as kube-apiserver; `startNode` starts it again. */
  async stopComponent(component: string, number = 1): Promise<void> {
    await this.#machine(number).stopComponent(component)
  }

  /** Halts a component (SIGSTOP), or lets it go on (SIGCONT). */
  signalComponent(component: string, name: NodeJS.Signals, number = 1): void {
    this.#machine(number).signalComponent(component, name)
  }

  /** Lets all traffic of a node with everything else vanish, until it is mended. */
  async cutNode(number: number): Promise<void> {
    this.#machine(number)
    await cutNode(this.#cluster, number)
  }

  async mendNode(number: number): Promise<void> {
    this.#machine(number)
    await mendNode(this.#cluster, number)
  }

  /** Lets all that two addresses, of pods or nodes, send each other vanish, until it is mended. */
  async cutBetween(one: string, other: string): Promise<void> {
    await cutBetween(this.#cluster, one, other)
  }

  async mendBetween(one: string, other: string): Promise<void> {
    await mendBetween(this.#cluster, one, other)
  }

  /** Runs a program of the host where the pods' addresses are known. */
  inNetworkOf(number: number, program: string, args: readonly string[]): { program: string; args: string[] } {
    return { program: 'nsenter', args: [`--net=/proc/${this.#machine(number).pid}/ns/net`, '--', program, ...args] }
  }

  /** Ends the cluster and removes all that it made. */
  async stop(): Promise<void> {
    await stopCluster(this.name)
  }

  #machine(number: number) {
    if (this.#cluster.state.nodes.includes(number)) return this.#cluster.machine(number)
    throw new Failure({
      what: `The cluster ${this.name} has no node ${number}`,
      why: `its nodes are ${this.nodes.join(', ')}`,
      next: 'Name one of them by its number.',
    })
  }
}

/**
 * Starts a cluster, or returns the one of that name that runs already; one whose processes have died is made anew.
 * The first start on a machine also installs packages and compiles Kubernetes.
 */
export async function startCluster({ name = 'default', nodes = 1 }: ClusterOptions = {}): Promise<LocalCluster> {
  const lock = `${clusterFolder(name)}.lock`
  await meetClusterRequirements({ compile: !areBuilt() })
  await buildComponents()
  return withLock(lock, async () => {
    let cluster = readCluster(name)
    if (cluster === undefined || !(await isHealthy(cluster))) {
      await removeCluster(name)
      cluster = await makeCluster(name, nodes)
    }
    while (cluster.state.nodes.length < nodes) await addNode(cluster)
    return new LocalCluster(cluster)
  })
}

/** The cluster of that name as it was left, well or not; undefined if there is none. */
export function findCluster(name = 'default'): LocalCluster | undefined {
  const cluster = readCluster(name)
  return cluster === undefined ? undefined : new LocalCluster(cluster)
}

/** Ends the cluster of that name and removes all that it made; does nothing where there is none. */
export async function stopCluster(name = 'default'): Promise<void> {
  await withLock(`${clusterFolder(name)}.lock`, () => removeCluster(name))
}
