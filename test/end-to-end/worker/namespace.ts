import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import { AuthorizationV1Api, BatchV1Api, CoordinationV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import { connectApi, type Api } from '../../../job/kubernetes/api.ts'
import type { Ledger } from '../../unit/job/servers/ledgers.ts'
import { ground, Stage } from '../stage/stage.ts'

const manifests = resolve(import.meta.dirname, '../../../manifests/install')

/** A namespace of the real cluster, and the API with the very rights that `install` gives the worker. */
export interface WorkerNamespace {
  stage: Stage
  api: Api
  /** every call there is, with the same rights */
  clients: Clients
  namespace: string
  close(): Promise<void>
}

/** All calls, also those that the worker never makes. */
export type Clients = ReturnType<typeof clientsOf>

export async function workerNamespace(
  namespace: string,
  role = readFileSync(`${manifests}/role.yaml`, 'utf8'),
): Promise<WorkerNamespace> {
  const stage = new Stage(namespace, ground())
  await stage.open()
  await stage.kubectl(['apply', '-f', '-'], role)
  for (const file of ['service-account', 'role-binding'])
    await stage.kubectl(['apply', '-f', `${manifests}/${file}.yaml`])
  const token = (await stage.kubectl(['create', 'token', 'kubectl-scalardl'])).trim()
  return { stage, api: apiWith(token), clients: clientsOf(configWith(token)), namespace, close: () => stage.close() }
}

/** The API of the tests' cluster with all rights. */
export function adminClients(): Clients {
  return clientsOf(adminConfig())
}

/** The API as the worker uses it, with the rights that a token has. */
export function apiWith(token: string): Api {
  return connectApi(configWith(token))
}

function clientsOf(config: KubeConfig) {
  return {
    core: config.makeApiClient(CoreV1Api),
    coordination: config.makeApiClient(CoordinationV1Api),
    batch: config.makeApiClient(BatchV1Api),
    authorization: config.makeApiClient(AuthorizationV1Api),
  }
}

function adminConfig(): KubeConfig {
  const admin = new KubeConfig()
  admin.loadFromFile(ground().kubeconfig)
  admin.setCurrentContext(ground().context)
  return admin
}

/** The cluster of the tests, with no credentials but this token. */
export function configWith(token: string): KubeConfig {
  const cluster = adminConfig().getCurrentCluster()
  if (cluster === null) throw new Error('the kubeconfig of the tests names no cluster')
  const config = new KubeConfig()
  config.loadFromClusterAndUser(cluster, { name: 'worker', token })
  return config
}

/** An address of this machine that a Kubernetes object may hold. */
export function machineAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1'
}

const labelsOf = (release: string) => ({ 'app.kubernetes.io/instance': release, 'app.kubernetes.io/app': 'ledger' })

/**
 * A release whose one pod is a stand-in in this process: the objects are real, the pod is on a node that nobody runs.
 */
export async function deployLedger(stage: Stage, release: string, ledger: Ledger): Promise<void> {
  const labels = labelsOf(release)
  const template = { metadata: { labels }, spec: { containers: [{ name: 'ledger', image: 'ledger' }] } }
  await stage.apply([
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `${release}-ledger`, labels },
      spec: { replicas: 0, selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `${release}-headless`, labels },
      spec: {
        clusterIP: 'None',
        selector: { nothing: 'selected' },
        ports: [{ name: 'scalardl-admin', port: 50053, targetPort: ledger.pod.adminPort }],
      },
    },
  ])
  await addPod(stage, release, `${release}-0`)
}

export async function addPod(stage: Stage, release: string, name: string): Promise<void> {
  // Not of the Deployment, which would remove it as one too many.
  const labels = { ...labelsOf(release), 'pod-template-hash': 'none' }
  const owner = [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'kube-root-ca.crt',
      uid: await uidOf(stage, 'configmap/kube-root-ca.crt'),
      controller: true,
    },
  ]
  await stage.apply([
    { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels, ownerReferences: owner }, spec: podSpec },
  ])
  await setStatus(stage, name, 0)
}

const podSpec = {
  nodeName: 'nowhere',
  terminationGracePeriodSeconds: 0,
  containers: [{ name: 'ledger', image: 'ledger' }],
}

async function uidOf(stage: Stage, object: string): Promise<string> {
  return (await stage.get<{ metadata: { uid: string } }>([object])).metadata.uid
}

/** Makes a pod look as if it served, after so many restarts. */
export async function setStatus(stage: Stage, name: string, restartCount: number): Promise<void> {
  const status = {
    phase: 'Running',
    podIP: machineAddress(),
    podIPs: [{ ip: machineAddress() }],
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [
      {
        name: 'ledger',
        image: 'ledger',
        imageID: 'x',
        ready: true,
        restartCount,
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      },
    ],
  }
  await stage.kubectl(['patch', 'pod', name, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })])
}
