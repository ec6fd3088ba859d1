import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../../build/cache.ts'
import type { Machine } from './machine.ts'
import { run } from '../../../build/processes.ts'

/** The addresses of every cluster's pods and Services; they are seen only inside its machines. */
export const podRange = '10.244.0.0/16'
export const serviceRange = '10.96.0.0/16'
const forwarding = '/proc/sys/net/ipv4/ip_forward'

/** A cluster's network on the host: one bridge that its machines are plugged into. */
export interface Network {
  bridge: string
  /** the third byte of the machines' addresses 10.89.x.0/24 */
  subnet: number
}

export function hostAddress(network: Network): string {
  return `10.89.${network.subnet}.1`
}

export function machineAddress(network: Network, number: number): string {
  return `10.89.${network.subnet}.${10 + number}`
}

export function podRangeOf(number: number): string {
  return `10.244.${number}.0/24`
}

/** Makes the bridge, on a subnet that nothing on this machine has, and lets its machines out to where the host gets. */
export async function makeNetwork(cluster: string): Promise<Network> {
  const id = createHash('sha256').update(cluster).digest()
  const bridge = `lk-${id.toString('hex').slice(0, 8)}`
  await removeLink(bridge)
  const routes = await run('ip', ['-4', 'route', 'show', 'table', 'all'])
  const subnets = Array.from({ length: 250 }, (_, index) => ((id.readUInt16BE(0) + index) % 250) + 1)
  const subnet = subnets.find((candidate) => !routes.includes(`10.89.${candidate}.`)) ?? 1
  const network = { bridge, subnet }
  await run('ip', ['link', 'add', network.bridge, 'type', 'bridge'])
  await run('ip', ['addr', 'add', `${hostAddress(network)}/24`, 'dev', network.bridge])
  await run('ip', ['link', 'set', network.bridge, 'up'])
  for (const rule of rules(network))
    await run('iptables', ['-w', '10', '-t', rule.table, '-I', rule.chain, ...rule.match])
  if (readFileSync(forwarding, 'utf8').trim() === '0') {
    writeFileSync(forwardingWasOff(), '')
    writeFileSync(forwarding, '1')
  }
  return network
}

/** Takes back all that `makeNetwork` did; what is gone already is no error. */
export async function removeNetwork(network: Network, isLast: boolean): Promise<void> {
  for (const rule of rules(network)) {
    await run('iptables', ['-w', '10', '-t', rule.table, '-D', rule.chain, ...rule.match]).catch(() => undefined)
  }
  await removeLink(network.bridge)
  if (isLast && existsSync(forwardingWasOff())) {
    writeFileSync(forwarding, '0')
    rmSync(forwardingWasOff())
  }
}

/** The bridge's end of a machine's link. */
export function plugOf({ bridge }: Network, number: number): string {
  return `${bridge.slice(0, 11)}n${number}`
}

/** Plugs a machine into the bridge. `numbers` are those of all machines, whose pods it must reach. */
export async function connect(machine: Machine, network: Network, number: number, numbers: number[]): Promise<void> {
  const plug = plugOf(network, number)
  // The kernel takes the links of a machine that has just gone away only some time after it.
  await removeLink(plug)
  const mtu = await hostMtu()
  await run('ip', [
    'link',
    'add',
    plug,
    'mtu',
    mtu,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'mtu',
    mtu,
    'netns',
    String(machine.pid),
  ])
  await run('ip', ['link', 'set', plug, 'master', network.bridge, 'up'])
  await machine.run('ip', ['link', 'set', 'lo', 'up'])
  await machine.run('ip', ['addr', 'add', `${machineAddress(network, number)}/24`, 'dev', 'eth0'])
  await machine.run('ip', ['link', 'set', 'eth0', 'up'])
  await machine.run('ip', ['route', 'add', 'default', 'via', hostAddress(network)])
  await machine.run('sh', ['-c', `echo 1 >${forwarding}`])
  await machine.run('iptables', [
    '-t',
    'nat',
    '-A',
    'POSTROUTING',
    '-s',
    podRange,
    '!',
    '-d',
    podRange,
    '-j',
    'MASQUERADE',
  ])
  for (const other of numbers) if (other !== number) await routeTo(machine, network, other)
}

/** Pulls a machine's plug out of the bridge; gone already is no error. */
export async function disconnect(network: Network, number: number): Promise<void> {
  await removeLink(plugOf(network, number))
}

/** Deletes a link of the host; one that is gone already, or goes in this moment, is no error. */
async function removeLink(name: string): Promise<void> {
  const exists = () => existsSync(`/sys/class/net/${name}`)
  if (!exists()) return
  await run('ip', ['link', 'del', name]).catch((error: unknown) => {
    if (exists()) throw error
  })
}

/** Tells a machine where the pods of another are. */
export async function routeTo(machine: Machine, network: Network, other: number): Promise<void> {
  await machine.run('ip', ['route', 'replace', podRangeOf(other), 'via', machineAddress(network, other)])
}

// Inserted before the rules of others, since those may end in a refusal.
function rules(network: Network): { table: string; chain: string; match: string[] }[] {
  const bridge = network.bridge
  const range = `10.89.${network.subnet}.0/24`
  return [
    { table: 'nat', chain: 'POSTROUTING', match: ['-s', range, '!', '-o', bridge, '-j', 'MASQUERADE'] },
    { table: 'filter', chain: 'FORWARD', match: ['-i', bridge, '-j', 'ACCEPT'] },
    { table: 'filter', chain: 'FORWARD', match: ['-o', bridge, '-j', 'ACCEPT'] },
  ]
}

async function hostMtu(): Promise<string> {
  const device = /\bdev (\S+)/.exec(await run('ip', ['-4', 'route', 'show', 'default']))?.[1]
  return device === undefined ? '1500' : readFileSync(`/sys/class/net/${device}/mtu`, 'utf8').trim()
}

function forwardingWasOff(): string {
  return join(cacheFolder(), 'ip-forward-was-off')
}
