import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../operation/failure.ts'
import { cacheFolder } from '../../build/cache.ts'
import { CertificateAuthority, type KeyPair } from './certificates.ts'
import { components, type Components } from './components.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { Machine } from './machines/machine.ts'
import { machineAddress, type Network } from './machines/network.ts'

/** What is remembered of a cluster between runs. */
export interface ClusterState {
  network: Network
  /** the numbers of its nodes, from 1 on; the first has the control plane */
  nodes: number[]
  /** the image archives that every node has, each with the size and time by which a newer one is told */
  images: Record<string, string>
}

/** The facts and files of one cluster, whether it runs or not. Everything it keeps is in its folder of the cache. */
export class Cluster {
  readonly name: string
  readonly folder: string
  readonly context: string
  readonly kubeconfig: string
  readonly components: Components = components()
  readonly authority: CertificateAuthority
  readonly state: ClusterState

  constructor(name: string, state: ClusterState) {
    this.name = name
    this.folder = clusterFolder(name)
    this.context = `local-${name}`
    this.kubeconfig = join(this.folder, 'kubeconfig')
    this.authority = new CertificateAuthority(join(this.folder, 'certificates'))
    this.state = state
  }

  get network(): Network {
    return this.state.network
  }

  get server(): string {
    return `https://${machineAddress(this.network, 1)}:6443`
  }

  /** Where claims get their directories; every node sees them as /run/volumes. */
  get volumes(): string {
    return join(this.folder, 'volumes')
  }

  machine(number: number): Machine {
    return new Machine(`${this.name}-${number}`, join(this.folder, 'nodes', String(number)))
  }

  machines(): Machine[] {
    return this.state.nodes.map((number) => this.machine(number))
  }

  saveState(): void {
    writeFileSync(join(this.folder, 'state.json'), JSON.stringify(this.state, null, 2))
  }

  async issueAdmin(): Promise<KeyPair> {
    return this.authority.issue('admin', { commonName: 'admin', organization: 'system:masters' })
  }

  async writeKubeconfig(): Promise<void> {
    writeKubeconfig(this.kubeconfig, this.context, this.server, this.authority.certificate, await this.issueAdmin())
  }

  /** The name servers of the host that a machine of its own network can reach. */
  nameservers(): string[] {
    const servers = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'].flatMap((file) => nameserversIn(file))
    return [...new Set(servers)].filter((server) => !server.startsWith('127.') && !server.includes(':'))
  }

  /** Writes the resolv.conf of pods that ask for the node's DNS, and of CoreDNS for names outside the cluster. */
  writeResolvConf(): string {
    const file = join(this.folder, 'resolv.conf')
    writeFileSync(
      file,
      this.nameservers()
        .map((server) => `nameserver ${server}\n`)
        .join(''),
    )
    return file
  }
}

/** A cluster as it was left, or undefined if there is none of that name. */
export function readCluster(name: string): Cluster | undefined {
  try {
    return new Cluster(name, JSON.parse(readFileSync(join(clusterFolder(name), 'state.json'), 'utf8')) as ClusterState)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Lays the folder of a new cluster. */
export function layCluster(name: string, network: Network, nodes: number): Cluster {
  const cluster = new Cluster(name, {
    network,
    nodes: Array.from({ length: nodes }, (_, index) => index + 1),
    images: {},
  })
  mkdirSync(cluster.volumes, { recursive: true })
  cluster.saveState()
  return cluster
}

/** The names of all clusters of this cache. */
export function clusterNames(): string[] {
  try {
    const entries = readdirSync(join(cacheFolder(), 'clusters'), { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  } catch {
    return []
  }
}

export function clusterFolder(name: string): string {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(name) || name.endsWith('-')) {
    throw new Failure({
      what: `${name} is no name for a cluster`,
      why:
        'it names nodes and control groups too: at most 20 lower-case letters, digits and dashes, ' +
        'the first a letter',
      next: 'Choose another name.',
    })
  }
  return join(cacheFolder(), 'clusters', name)
}

function nameserversIn(file: string): string[] {
  try {
    return [...readFileSync(file, 'utf8').matchAll(/^nameserver\s+(\S+)/gm)].map((match) => match[1] ?? '')
  } catch {
    return []
  }
}
