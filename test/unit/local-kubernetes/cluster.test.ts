import { join } from 'node:path'
import t from 'tap'
import { Cluster, clusterFolder, layCluster, readCluster } from '../../local-kubernetes/cluster.ts'

process.env['KUBECTL_SCALARDL_CACHE'] = t.testdir()

t.test('a cluster is found again as it was left', async (t) => {
  const cluster = layCluster('mine', { bridge: 'lk-1', subnet: 7 }, 2)
  t.same(readCluster('mine')?.state, cluster.state)
  t.equal(cluster.server, 'https://10.89.7.11:6443')
  t.same(
    cluster.machines().map((machine) => machine.name),
    ['mine-1', 'mine-2'],
  )
  t.equal(readCluster('other'), undefined)
})

t.test('a machine sees the cache wherever the host has it', async (t) => {
  const cluster = new Cluster('mine', { network: { bridge: 'lk-1', subnet: 7 }, nodes: [1], images: {} })
  t.equal(cluster.machine(1).inside(join(cluster.folder, 'kubeconfig')), '/mnt/clusters/mine/kubeconfig')
})

t.test('a name that is no name of a node is refused before anything is made', async (t) => {
  for (const name of ['', '../x', 'A', 'a-', '1a', 'a'.repeat(21)])
    t.throws(() => clusterFolder(name), /no name for a cluster/)
})
