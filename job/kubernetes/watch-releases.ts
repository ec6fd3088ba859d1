import { setTimeout as sleep } from 'node:timers/promises'
import { Watch, type KubernetesListObject, type KubernetesObject, type V1Deployment, type V1EndpointSlice, type V1Pod } from '@kubernetes/client-node'
import type { Api } from './api.ts'
import { ask, refusal } from './ask.ts'
import { releasesSelector } from './pods.ts'
import { deploymentFact, sliceFact } from './release-state.ts'

/** One kind of object that is watched. */
interface Watched<T extends KubernetesObject> {
  /** for people: `pod`, `Deployment` */
  title: string
  path: string
  list(): Promise<KubernetesListObject<T>>
  /** what of it must not change, for people */
  fact(object: T): string
}

type Known = Map<string, { uid: string; fact: string }>

/**
 * Watches the pods, Deployments and EndpointSlices of the releases, from the state they are in now.
 * @param changed told of what appeared, vanished or changed in a way that matters to a pause
 * @returns when the watch stands; it goes on, over dropped connections, until the signal aborts
 */
export async function watchReleases(api: Api, namespace: string, releases: readonly string[], changed: (what: string) => void, signal: AbortSignal): Promise<void> {
  if (releases.length === 0) return
  const labelSelector = releasesSelector(releases)
  const which = { namespace, labelSelector }
  const pods: Watched<V1Pod> = { title: 'pod', path: `/api/v1/namespaces/${namespace}/pods`, list: () => api.core.listNamespacedPod(which), fact: podFact }
  const deployments: Watched<V1Deployment> = {
    title: 'Deployment',
    path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
    list: () => api.apps.listNamespacedDeployment(which),
    fact: deploymentFact,
  }
  const slices: Watched<V1EndpointSlice> = {
    title: 'EndpointSlice',
    path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    list: () => api.discovery.listNamespacedEndpointSlice(which),
    fact: sliceFact,
  }
  const watch = <T extends KubernetesObject>(kind: Watched<T>) => watchKind(api, kind, labelSelector, changed, signal)
  await Promise.all([watch(pods), watch(deployments), watch(slices)])
}

function podFact({ metadata, status }: V1Pod): string {
  const restarts = (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0)
  return `${status?.podIP ?? 'no address'}, ${restarts} restarts${metadata?.deletionTimestamp === undefined ? '' : ', being deleted'}`
}

const reconnectMs = 200

async function watchKind<T extends KubernetesObject>(api: Api, kind: Watched<T>, labelSelector: string, changed: (what: string) => void, signal: AbortSignal): Promise<void> {
  const list = () => ask(`list ${kind.title}s`, kind.list)
  const first = await list()
  const known: Known = new Map(first.items.map((object) => identify(kind, object)))
  const begin = (from: KubernetesListObject<T>) =>
    openWatch(api, kind.path, { labelSelector, resourceVersion: from.metadata?.resourceVersion ?? '' }, signal, (type: string, object: T) => notice(known, kind, type, object, changed))
  let stream = await begin(first).catch((error: unknown) => {
    throw refusal(`watch ${kind.title}s`, error)
  })
  void (async () => {
    for (;;) {
      await stream.ended
      await sleep(reconnectMs)
      if (signal.aborted) return
      try {
        const again = await list()
        compare(known, kind, again.items, changed)
        stream = await begin(again)
      } catch {
        // tried again; the states before and after the pause are compared in any case
      }
    }
  })()
}

/** @returns when the API server has begun to answer; `ended` settles with its end */
async function openWatch<T>(api: Api, path: string, query: Record<string, string>, signal: AbortSignal, event: (type: string, object: T) => void): Promise<{ ended: Promise<void> }> {
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  let failure: unknown
  const controller = await new Watch(api.kubeConfig).watch(path, { ...query, allowWatchBookmarks: true }, event, (error: unknown) => {
    failure = error
    resolve()
  })
  if (failure !== undefined && failure !== null) throw failure
  signal.addEventListener('abort', () => controller.abort(), { once: true })
  if (signal.aborted) controller.abort()
  return { ended }
}

function identify<T extends KubernetesObject>(kind: Watched<T>, object: T): [string, { uid: string; fact: string }] {
  return [object.metadata?.name ?? '', { uid: object.metadata?.uid ?? '', fact: kind.fact(object) }]
}

function notice<T extends KubernetesObject>(known: Known, kind: Watched<T>, type: string, object: T, changed: (what: string) => void): void {
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') return
  const [name, now] = identify(kind, object)
  const before = known.get(name)
  if (type === 'DELETED') {
    known.delete(name)
    changed(`${kind.title} ${name} vanished`)
    return
  }
  known.set(name, now)
  if (before === undefined) changed(`${kind.title} ${name} appeared`)
  else if (before.uid !== now.uid) changed(`${kind.title} ${name} was replaced by another of that name`)
  else if (before.fact !== now.fact) changed(`${kind.title} ${name} changed (${before.fact} before, ${now.fact} after)`)
}

/** What happened while no watch stood. */
function compare<T extends KubernetesObject>(known: Known, kind: Watched<T>, items: readonly T[], changed: (what: string) => void): void {
  const names = new Set(items.map((object) => object.metadata?.name))
  for (const name of [...known.keys()].filter((one) => !names.has(one))) {
    known.delete(name)
    changed(`${kind.title} ${name} vanished`)
  }
  for (const object of items) notice(known, kind, 'MODIFIED', object, changed)
}
