import { run } from '../../../build/processes.ts'
import type { Cluster } from '../cluster.ts'
import type { Machine } from './machine.ts'
import { plugOf } from './network.ts'

/** Lets a node's traffic with everything else vanish, as a broken switch would; within the node all goes on. */
export async function cutNode(cluster: Cluster, number: number): Promise<void> {
  await setPort(cluster, number, 'disabled')
}

export async function mendNode(cluster: Cluster, number: number): Promise<void> {
  await setPort(cluster, number, 'forwarding')
}

// The states of a bridge's port. The node's own link stays up: nothing tells it that nobody hears it.
const portStates = { disabled: '0', forwarding: '3' }

async function setPort({ network }: Cluster, number: number, state: keyof typeof portStates): Promise<void> {
  await run('bridge', ['link', 'set', 'dev', plugOf(network, number), 'state', portStates[state]])
}

/** Lets all that two addresses send each other vanish, on connections that are open too. */
export async function cutBetween(cluster: Cluster, one: string, other: string): Promise<void> {
  await eachWay(cluster, '-I', one, other)
}

export async function mendBetween(cluster: Cluster, one: string, other: string): Promise<void> {
  await eachWay(cluster, '-D', one, other)
}

// Pods of one node are routed too, so their traffic passes here as well. Before the rules of Services, which may let it
// through.
async function eachWay(cluster: Cluster, change: '-I' | '-D', one: string, other: string): Promise<void> {
  const drop = (machine: Machine, from: string, to: string) =>
    machine.run('iptables', ['-w', '10', '-t', 'raw', change, 'PREROUTING', '-s', from, '-d', to, '-j', 'DROP'])
  for (const machine of cluster.machines().filter((each) => each.isOn())) {
    await drop(machine, one, other)
    await drop(machine, other, one)
  }
}
