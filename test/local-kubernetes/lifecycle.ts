import { mkdirSync, rmSync } from 'node:fs'
import { addons } from './addons.ts'
import { clusterNames, layCluster, readCluster, clusterFolder, type Cluster } from './cluster.ts'
import { removeControlGroup } from './machines/control-groups.ts'
import { startApiServer, startControllers } from './machines/control-plane.ts'
import { connect, machineAddress, makeNetwork, removeNetwork, routeTo } from './machines/network.ts'
import { importImage, startContainerd, startKubelet } from './machines/node.ts'
import { run, type RunOptions } from '../../build/processes.ts'
import { waitFor } from '../../build/waiting.ts'

/** Runs kubectl against a cluster. */
export async function kubectl(cluster: Cluster, args: string[], options?: RunOptions): Promise<string> {
  return run(cluster.components.kubectl, ['--kubeconfig', cluster.kubeconfig, ...args], options)
}

/** Makes a cluster from nothing and waits until its nodes are ready. */
export async function makeCluster(name: string, nodes: number): Promise<Cluster> {
  mkdirSync(clusterFolder(name), { recursive: true })
  const cluster = layCluster(name, await makeNetwork(name), nodes)
  await cluster.authority.make()
  await cluster.writeKubeconfig()
  await startMachine(cluster, 1)
  const runtimes = startContainerd(cluster, cluster.machine(1), 1)
  const others = cluster.state.nodes.slice(1).map(async (number) => {
    await startMachine(cluster, number)
    await startContainerd(cluster, cluster.machine(number), number)
  })
  await Promise.all([startControlPlane(cluster), runtimes, ...others])
  await Promise.all(cluster.state.nodes.map((number) => joinNode(cluster, number)))
  await kubectl(cluster, ['wait', '--for=create', '--timeout=60s', 'serviceaccount/default', '--namespace=default'], {
    timeoutMs: 70_000,
  })
  await waitFor(`all components of ${name}`, 10_000, async () => (await isHealthy(cluster)) || undefined)
  return cluster
}

/** Adds one more node, with the images that the others have. */
export async function addNode(cluster: Cluster): Promise<number> {
  const number = Math.max(...cluster.state.nodes) + 1
  cluster.state.nodes.push(number)
  cluster.saveState()
  await startMachine(cluster, number)
  await startContainerd(cluster, cluster.machine(number), number)
  for (const archive of Object.keys(cluster.state.images)) await importImage(cluster.machine(number), archive)
  await joinNode(cluster, number)
  return number
}

/** Starts a node that is off, or what has ended of one that is on. */
export async function startNode(cluster: Cluster, number: number): Promise<void> {
  const machine = cluster.machine(number)
  if (!machine.isOn()) await startMachine(cluster, number)
  if (number === 1) await startControlPlane(cluster)
  await startContainerd(cluster, machine, number)
  await joinNode(cluster, number)
}

/** Whether every machine and every component runs, and the API server answers. */
export async function isHealthy(cluster: Cluster): Promise<boolean> {
  const onEvery = ['containerd', 'kubelet', 'kube-proxy']
  const onFirst = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'provisioner', 'coredns']
  const running = cluster.machines().every((machine, index) => {
    const wanted = index === 0 ? [...onEvery, ...onFirst] : onEvery
    return machine.isOn() && wanted.every((component) => machine.hasComponent(component))
  })
  return (
    running &&
    kubectl(cluster, ['get', '--raw', '/readyz'], { timeoutMs: 10_000 }).then(
      () => true,
      () => false,
    )
  )
}

/** Removes a cluster, whole or half made: processes, network, control groups, files. */
export async function removeCluster(name: string): Promise<void> {
  const cluster = readCluster(name)
  if (cluster !== undefined) {
    await Promise.all(cluster.machines().map((machine) => machine.stop()))
    await Promise.all(cluster.machines().map((machine) => removeControlGroup(machine.name)))
    await removeNetwork(cluster.network, clusterNames().length <= 1)
  }
  rmSync(clusterFolder(name), { recursive: true, force: true })
}

async function startMachine(cluster: Cluster, number: number): Promise<void> {
  const machine = cluster.machine(number)
  await machine.start(cluster.components.pause)
  await machine.run('mkdir', ['/run/volumes'])
  await machine.run('mount', ['--bind', machine.inside(cluster.volumes), '/run/volumes'])
  await connect(machine, cluster.network, number, cluster.state.nodes)
  const others = cluster.state.nodes.filter((other) => other !== number).map((other) => cluster.machine(other))
  for (const other of others) if (other.isOn()) await routeTo(other, cluster.network, number)
}

async function startControlPlane(cluster: Cluster): Promise<void> {
  const machine = cluster.machine(1)
  await startApiServer(cluster, machine)
  await waitFor('the API server', 60_000, () => kubectl(cluster, ['get', '--raw', '/readyz'], { timeoutMs: 5000 }))
  startControllers(cluster, machine)
  await kubectl(cluster, ['apply', '--server-side', '--force-conflicts', '--validate=false', '-f', '-'], {
    input: JSON.stringify(addons(machineAddress(cluster.network, 1))),
  })
}

async function joinNode(cluster: Cluster, number: number): Promise<void> {
  const { name } = cluster.machine(number)
  const start = Date.now()
  await startKubelet(cluster, cluster.machine(number), number)
  // A node that was off has long been "Ready": its kubelet speaks again once the Lease is younger than this start.
  const renewTime = ['get', 'lease', name, '--namespace=kube-node-lease', '--output=jsonpath={.spec.renewTime}']
  await waitFor(
    `the kubelet of ${name}`,
    60_000,
    async () => Date.parse(await kubectl(cluster, renewTime)) >= start || undefined,
  )
  await kubectl(cluster, ['wait', '--for=condition=Ready', '--timeout=60s', `node/${name}`], { timeoutMs: 70_000 })
}
