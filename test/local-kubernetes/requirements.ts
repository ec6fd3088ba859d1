import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { meetRequirements } from '../../build/requirements.ts'

// What a node is made of.
const programs = {
  buildah: 'buildah',
  containerd: 'containerd',
  conntrack: 'conntrack',
  ctr: 'containerd',
  ethtool: 'ethtool',
  ip: 'iproute2',
  iptables: 'iptables',
  mount: 'mount',
  nsenter: 'util-linux',
  openssl: 'openssl',
  runc: 'runc',
  socat: 'socat',
  unshare: 'util-linux',
}

/** Where distributions put the CNI plugins. */
const cniFolders = ['/usr/lib/cni', '/opt/cni/bin']

/** The folder of the CNI plugins on this machine. */
export function cniFolder(): string {
  return cniFolders.find((folder) => existsSync(join(folder, 'ptp'))) ?? '/usr/lib/cni'
}

/** Installs what a cluster needs; throws a Failure that names everything which keeps it from running here. */
export async function meetClusterRequirements({ compile }: { compile: boolean }): Promise<void> {
  await meetRequirements({
    purpose: 'A local Kubernetes',
    programs,
    packages: existsSync(join(cniFolder(), 'ptp')) ? [] : ['containernetworking-plugins'],
    ...(compile && { go: '1.25' }),
    otherwise: 'name an existing cluster by --context',
  })
}
