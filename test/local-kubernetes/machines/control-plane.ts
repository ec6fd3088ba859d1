import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../cluster.ts'
import type { Machine } from './machine.ts'
import { machineAddress, podRange, serviceRange } from './network.ts'

/** The first address of the Service range: the Service `kubernetes`. */
const apiService = '10.96.0.1'

/** Starts etcd and the API server in the first machine. */
export async function startApiServer(cluster: Cluster, machine: Machine): Promise<void> {
  const address = machineAddress(cluster.network, 1)
  const authority = cluster.authority
  const serving = await authority.issue('apiserver', {
    commonName: 'kube-apiserver',
    names: [
      ...['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map((name) => `DNS:${name}`),
      ...['127.0.0.1', apiService, address].map((ip) => `IP:${ip}`),
    ],
  })
  const admin = await cluster.issueAdmin()
  const inside = (path: string) => machine.inside(path)
  const { program } = cluster.components
  machine.startComponent('etcd', inside(program), [
    'etcd',
    '--data-dir=/var/lib/etcd',
    '--listen-client-urls=http://127.0.0.1:2379',
    '--advertise-client-urls=http://127.0.0.1:2379',
    '--listen-peer-urls=http://127.0.0.1:2380',
    // A power cut of the host may lose the cluster; that buys seconds on slow disks.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ])
  machine.startComponent('kube-apiserver', inside(program), [
    'kube-apiserver',
    '--etcd-servers=http://127.0.0.1:2379',
    `--service-cluster-ip-range=${serviceRange}`,
    `--advertise-address=${address}`,
    '--secure-port=6443',
    `--tls-cert-file=${inside(serving.certificate)}`,
    `--tls-private-key-file=${inside(serving.key)}`,
    `--client-ca-file=${inside(authority.certificate)}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${inside(authority.tokenKey)}`,
    `--service-account-signing-key-file=${inside(authority.tokenKey)}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--kubelet-client-certificate=${inside(admin.certificate)}`,
    `--kubelet-client-key=${inside(admin.key)}`,
    `--kubelet-certificate-authority=${inside(authority.certificate)}`,
    // Else logs and exec look up the node's name, which no DNS server knows.
    '--kubelet-preferred-address-types=InternalIP',
    // How long pods stay on a node that is lost: minutes by default.
    '--default-not-ready-toleration-seconds=10',
    '--default-unreachable-toleration-seconds=10',
    '--allow-privileged=true',
  ])
}

/** Starts what else makes a cluster, once the API server answers. */
export function startControllers(cluster: Cluster, machine: Machine): void {
  const inside = (path: string) => machine.inside(path)
  const program = inside(cluster.components.program)
  const kubeconfig = inside(cluster.kubeconfig)
  machine.startComponent('kube-controller-manager', program, [
    'kube-controller-manager',
    `--kubeconfig=${kubeconfig}`,
    `--cluster-cidr=${podRange}`,
    `--service-account-private-key-file=${inside(cluster.authority.tokenKey)}`,
    `--root-ca-file=${inside(cluster.authority.certificate)}`,
    '--use-service-account-credentials=true',
    '--leader-elect=false',
    // A node whose kubelet is silent this long is lost.
    '--node-monitor-grace-period=20s',
    '--node-monitor-period=2s',
  ])
  machine.startComponent('kube-scheduler', program, [
    'kube-scheduler',
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
  ])
  machine.startComponent('provisioner', program, ['provisioner', kubeconfig, '/run/volumes'])
  machine.startComponent('coredns', program, ['coredns', '-conf', inside(writeCorefile(cluster, machine))])
}

function writeCorefile(cluster: Cluster, machine: Machine): string {
  const forward = cluster.nameservers().length === 0 ? [] : [`  forward . ${machine.inside(cluster.writeResolvConf())}`]
  const lines = [
    '.:53 {',
    '  errors',
    '  kubernetes cluster.local in-addr.arpa {',
    `    kubeconfig ${machine.inside(cluster.kubeconfig)} ${cluster.context}`,
    '    ttl 0',
    '    fallthrough in-addr.arpa',
    '  }',
    ...forward,
    '}',
    '',
  ]
  const file = join(cluster.folder, 'Corefile')
  writeFileSync(file, lines.join('\n'))
  return file
}
