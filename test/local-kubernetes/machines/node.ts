import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dnsAddress } from '../addons.ts'
import type { Cluster } from '../cluster.ts'
import { sandboxImage } from '../components.ts'
import { makeControlGroup } from './control-groups.ts'
import { writeKubeconfig } from '../kubeconfig.ts'
import type { Machine } from './machine.ts'
import { machineAddress, podRange, podRangeOf } from './network.ts'
import { findProgram } from '../../../build/requirements.ts'
import { cniFolder } from '../requirements.ts'
import { waitFor } from '../../../build/waiting.ts'

const socket = '/run/containerd/containerd.sock'

/** Starts containerd in a machine and gives it the sandbox image. */
export async function startContainerd(cluster: Cluster, machine: Machine, number: number): Promise<void> {
  const networks = writeNetworks(machine, number)
  const config = join(machine.folder, 'etc', 'containerd.toml')
  writeFileSync(config, containerdConfig(machine.inside(networks)))
  machine.startComponent('containerd', findProgram('containerd') ?? 'containerd', ['-c', machine.inside(config)])
  await waitFor(`containerd of ${machine.name}`, 20_000, () => machine.run('ctr', ['version']))
  await importImage(machine, cluster.components.sandboxArchive)
}

/** Gives a node the images of an OCI or Docker archive on the host. */
export async function importImage(machine: Machine, archive: string): Promise<void> {
  await machine.run('ctr', ['--namespace', 'k8s.io', 'images', 'import', '-'], {
    inputFile: archive,
    timeoutMs: 300_000,
  })
}

/** Starts kubelet and kube-proxy in a machine that has containerd, once the API server answers. */
export async function startKubelet(cluster: Cluster, machine: Machine, number: number): Promise<void> {
  const address = machineAddress(cluster.network, number)
  const identity = await cluster.authority.issue(machine.name, {
    commonName: `system:node:${machine.name}`,
    organization: 'system:nodes',
    names: [`DNS:${machine.name}`, `IP:${address}`],
  })
  const proxy = await cluster.authority.issue('kube-proxy', { commonName: 'system:kube-proxy' })
  const file = (name: string) => join(machine.folder, 'etc', name)
  writeKubeconfig(file('kubelet.kubeconfig'), 'kubelet', cluster.server, cluster.authority.certificate, identity)
  writeKubeconfig(file('kube-proxy.kubeconfig'), 'kube-proxy', cluster.server, cluster.authority.certificate, proxy)
  const inside = (path: string) => machine.inside(path)
  const config = {
    ...kubeletConfig(machine.name, inside(cluster.authority.certificate)),
    tlsCertFile: inside(identity.certificate),
    tlsPrivateKeyFile: inside(identity.key),
    resolvConf: inside(cluster.writeResolvConf()),
  }
  writeFileSync(file('kubelet.json'), JSON.stringify(config))
  makeControlGroup(machine.name)
  machine.startComponent('kubelet', inside(cluster.components.program), [
    'kubelet',
    `--config=${inside(file('kubelet.json'))}`,
    `--kubeconfig=${inside(file('kubelet.kubeconfig'))}`,
    `--hostname-override=${machine.name}`,
    `--node-ip=${address}`,
  ])
  machine.startComponent('kube-proxy', inside(cluster.components.program), [
    'kube-proxy',
    `--kubeconfig=${inside(file('kube-proxy.kubeconfig'))}`,
    '--proxy-mode=iptables',
    `--cluster-cidr=${podRange}`,
    `--hostname-override=${machine.name}`,
    // The table of connections is the host's: its size is not ours to set.
    '--conntrack-max-per-core=0',
  ])
}

function kubeletConfig(name: string, authority: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: authority } },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${socket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${name}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [dnsAddress],
    clusterDomain: 'cluster.local',
    serializeImagePulls: false,
    // Images come from archives, not from a registry: none that is removed could be pulled again.
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'imagefs.available': '0%', 'nodefs.available': '0%', 'memory.available': '50Mi' },
    // Quicker than by default, so that a lost node or a changed ConfigMap is noticed within a test.
    nodeLeaseDurationSeconds: 8,
    nodeStatusUpdateFrequency: '4s',
    nodeStatusReportFrequency: '30s',
    syncFrequency: '10s',
  }
}

function containerdConfig(networks: string): string {
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${sandboxImage}"
  # Where CAP_SYS_RESOURCE is missing, runc could not lower a container's oom_score_adj and would die.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${cniFolder()}"
    conf_dir = "${networks}"
`
}

// A link of its own for each pod, routed: traffic between pods of one node passes the Services' rules as any other
// does.
function writeNetworks(machine: Machine, number: number): string {
  const folder = join(machine.folder, 'etc', 'cni')
  mkdirSync(folder, { recursive: true })
  const ipam = {
    type: 'host-local',
    dataDir: '/run/cni',
    ranges: [[{ subnet: podRangeOf(number) }]],
    routes: [{ dst: '0.0.0.0/0' }],
  }
  const plugins = [
    { type: 'ptp', ipam },
    { type: 'portmap', capabilities: { portMappings: true } },
  ]
  writeFileSync(join(folder, '10-pods.conflist'), JSON.stringify({ cniVersion: '0.4.0', name: 'pods', plugins }))
  return folder
}
