import { parseArgs } from 'node:util'
import { Failure } from '../../operation/failure.ts'
import { clusterNames } from './cluster.ts'
import { findCluster, startCluster, stopCluster, type LocalCluster } from './local-cluster.ts'

const usage = `A real Kubernetes on this machine, for tests.

usage: node test/local-kubernetes/main.ts COMMAND [--name NAME]

  up [--nodes N]       starts the cluster unless it runs, and prints the path of its kubeconfig
  down                 removes the cluster and all that it made
  status               tells of the cluster; exit code 0 if all of it runs, 1 if not
  load ARCHIVE…        gives every node the images of OCI archives
  add-node             adds a node and prints its name
  stop-node NUMBER     cuts a node's power
  start-node NUMBER    starts it again
  kubectl -- ARGS…     runs the cluster's kubectl
`

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { name: { type: 'string', default: 'default' }, nodes: { type: 'string', default: '1' } },
  })
  const [command, ...rest] = positionals
  switch (command) {
    case 'up':
      print((await startCluster({ name: values.name, nodes: numberOf(values.nodes) })).kubeconfig)
      return 0
    case 'down':
      await stopCluster(values.name)
      return 0
    case 'status':
      return status(values.name)
    case 'load':
      await existing(values.name).loadImages(rest)
      return 0
    case 'add-node':
      print(await existing(values.name).addNode())
      return 0
    case 'stop-node':
      await existing(values.name).stopNode(numberOf(rest[0]))
      return 0
    case 'start-node':
      await existing(values.name).startNode(numberOf(rest[0]))
      return 0
    case 'kubectl':
      process.stdout.write(await existing(values.name).kubectl(rest))
      return 0
    default:
      process.stderr.write(usage)
      return 2
  }
}

function existing(name: string): LocalCluster {
  const cluster = findCluster(name)
  if (cluster !== undefined) return cluster
  throw new Failure({
    what: `There is no cluster ${name}`,
    why: `the clusters here are: ${clusterNames().join(', ') || 'none'}`,
    next: `Start it: node test/local-kubernetes/main.ts up --name ${name}`,
  })
}

async function status(name: string): Promise<number> {
  const cluster = existing(name)
  const healthy = await cluster.isHealthy()
  const lines = [
    `${name}: ${healthy ? 'runs' : 'does not run as it should'}`,
    `nodes: ${cluster.nodes.join(', ')}`,
    `kubeconfig: ${cluster.kubeconfig}`,
    `context: ${cluster.context}`,
    `kubectl: ${cluster.kubectlPath}`,
    `logs: ${cluster.folder}/nodes/*/*.log`,
  ]
  print(lines.join('\n'))
  return healthy ? 0 : 1
}

function numberOf(text: string | undefined): number {
  if (text !== undefined && /^[1-9]\d?$/.test(text)) return Number(text)
  throw new Failure({
    what: `${text ?? 'nothing'} is no number of nodes`,
    why: 'a number from 1 to 99 is needed',
    next: 'Give one.',
  })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const lines =
    error instanceof Failure ? [error.what, `  why: ${error.why}`, `  next: ${error.next}`] : [String(error)]
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exitCode = 1
}
