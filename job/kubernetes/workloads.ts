import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Deployment, V1ManagedFieldsEntry } from '@kubernetes/client-node'
import * as z from 'zod'
import { formatDuration } from '../../operation/duration.ts'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import { labels, managedBy } from '../../operation/names.ts'
import { instanceLabel } from '../../operation/product.ts'
import { printable } from '../../operation/text/printable.ts'
import type { ReleaseEvent } from '../process/told-on-releases.ts'
import type { Api } from './api.ts'
import { ask } from './ask.ts'
import type { ReleaseWorkload } from './cluster.ts'
import { isAlive, podTrouble, releasesSelector } from './pods.ts'

const pollMs = 1000
/** What is asked only once is given no time for a second try, ms. */
const once = 0

/** The Deployments of the releases, sorted by name. */
export async function workloads(
  { apps }: Api,
  namespace: string,
  releases: readonly string[],
): Promise<ReleaseWorkload[]> {
  if (releases.length === 0) return []
  const { items } = await ask('list deployments', () =>
    apps.listNamespacedDeployment({ namespace, labelSelector: releasesSelector(releases) }),
  )
  const found = items.map(({ metadata, spec, status }) => ({
    name: metadata?.name ?? '',
    release: metadata?.labels?.[instanceLabel] ?? '',
    replicas: spec?.replicas ?? 1,
    readyReplicas: status?.readyReplicas ?? 0,
    graceMs: (spec?.template.spec?.terminationGracePeriodSeconds ?? usualGraceS) * 1000,
    scaledBy: scaledBy(metadata?.managedFields),
  }))
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Who set the replicas of a Deployment that this program has scaled to 0. */
const scaleSubresource = 'kubectl scale or an autoscaler'

/**
 * Who else set the replicas of a Deployment last. Whoever writes the Deployment itself owns them by name and time
 * (Kubernetes: Server-Side Apply, managedFields). What the scale subresource writes has no time; and it has no owner at
 * all where nobody owned the replicas before, as after a scale to 0: the API server omits a 0 from the subresource, and
 * begins no tracking with an update.
 */
export function scaledBy(entries: readonly V1ManagedFieldsEntry[] = []): string | undefined {
  const owners = entries.filter(({ fieldsV1 }) => ownsReplicas.safeParse(fieldsV1).success)
  const timeOf = ({ time }: V1ManagedFieldsEntry) => (time === undefined ? Number.POSITIVE_INFINITY : Number(time))
  const others = owners.filter(({ manager }) => manager !== managedBy)
  const latest = others.reduce<V1ManagedFieldsEntry | undefined>(
    (last, entry) => (last === undefined || timeOf(entry) >= timeOf(last) ? entry : last),
    undefined,
  )
  return latest?.manager ?? (owners.length === 0 ? scaleSubresource : undefined)
}

const ownsReplicas = z.object({ 'f:spec': z.object({ 'f:replicas': z.object({}) }) })
/** Kubernetes' own, where a pod does not say. */
const usualGraceS = 30

/** Sets a Deployment's replicas through its scale subresource. */
export async function scale({ apps }: Api, namespace: string, name: string, replicas: number): Promise<void> {
  await ask(`scale the deployment ${name}`, () =>
    apps.patchNamespacedDeploymentScale({ name, namespace, body: { spec: { replicas } }, fieldManager: managedBy }),
  )
}

/** What an Event's message may have, in characters (Kubernetes: `note` of events.k8s.io/v1, 1 KiB). */
const longestMessage = 1000

/** An Event on each Deployment of the releases, for whoever describes one. @throws Failure where one cannot be made */
export async function tellOnReleases({ apps, core }: Api, namespace: string, event: ReleaseEvent): Promise<void> {
  const { operation, releases, reason, type } = event
  if (releases.length === 0) return
  const { items } = await ask(
    'list deployments',
    () => apps.listNamespacedDeployment({ namespace, labelSelector: releasesSelector(releases) }),
    once,
  )
  const now = new Date()
  const message = printable(event.message).slice(0, longestMessage)
  const told = items.map(({ metadata: { name = '', uid = '' } = {} }) => {
    const body = {
      metadata: {
        generateName: `${name}.`,
        namespace,
        labels: { [labels.managedBy]: managedBy, [labels.operation]: operation },
      },
      involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name, uid },
      reason,
      message,
      type,
      source: { component: managedBy },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    }
    return ask('create events', () => core.createNamespacedEvent({ namespace, body }), once)
  })
  await Promise.all(told)
}

/** @throws Failure naming the pods that stay; the signal's reason once it aborts */
export async function waitForNoPods(
  { core }: Api,
  namespace: string,
  releases: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
  told: (count: number) => void = () => undefined,
): Promise<void> {
  if (releases.length === 0) return
  await waitUntil(timeoutMs, signal, async () => {
    const { items } = await ask('list pods', () =>
      core.listNamespacedPod({ namespace, labelSelector: releasesSelector(releases) }),
    )
    const left = items.filter(isAlive).map((pod) => `pod ${pod.metadata?.name} (${podTrouble(pod) ?? 'it runs on'})`)
    told(left.length)
    if (left.length === 0) return undefined
    return {
      what: `${releases.join(', ')} did not stop within ${formatDuration(timeoutMs)}`,
      why: left.join('; '),
      next: 'see with `kubectl describe pod` what keeps them, or who scales the Deployment up again',
    }
  })
}

/** @throws Failure saying what the pods wait for; the signal's reason once it aborts */
export async function waitForReady(
  api: Api,
  namespace: string,
  names: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  await waitUntil(timeoutMs, signal, async () => {
    const unready = (await deploymentsNamed(api, namespace, names)).filter((deployment) => !isReady(deployment))
    if (unready.length === 0) return undefined
    const troubles = (await Promise.all(unready.map((deployment) => troublesOf(api, namespace, deployment)))).flat()
    return {
      what:
        `${unready.map(({ metadata }) => metadata?.name).join(', ')} did not become ready within ` +
        `${formatDuration(timeoutMs)}`,
      why:
        troubles.length === 0
          ? 'its pods do not appear; see with `kubectl describe replicaset` what refuses them'
          : troubles.join('; '),
      next: 'mend what the pods wait for; they will serve as soon as they are ready',
    }
  })
}

async function deploymentsNamed({ apps }: Api, namespace: string, names: readonly string[]): Promise<V1Deployment[]> {
  return Promise.all(
    names.map((name) => ask(`get the deployment ${name}`, () => apps.readNamespacedDeployment({ name, namespace }))),
  )
}

function isReady({ metadata, spec, status }: V1Deployment): boolean {
  const wanted = spec?.replicas ?? 1
  const seen = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0)
  return (
    seen &&
    (status?.readyReplicas ?? 0) >= wanted &&
    (status?.updatedReplicas ?? 0) >= wanted &&
    (status?.replicas ?? 0) === wanted
  )
}

async function troublesOf({ core }: Api, namespace: string, { metadata, spec }: V1Deployment): Promise<string[]> {
  const labelSelector = Object.entries(spec?.selector.matchLabels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
  const { items } = await ask(`list the pods of ${metadata?.name}`, () =>
    core.listNamespacedPod({ namespace, labelSelector }),
  )
  return items.filter(isAlive).flatMap((pod) => {
    const trouble = podTrouble(pod)
    return trouble === undefined ? [] : [`pod ${pod.metadata?.name}: ${trouble}`]
  })
}

/** Asks until there is no trouble left. */
async function waitUntil(
  timeoutMs: number,
  signal: AbortSignal,
  trouble: () => Promise<{ what: string; why: string; next: string } | undefined>,
): Promise<void> {
  const until = Date.now() + timeoutMs
  for (;;) {
    signal.throwIfAborted()
    const found = await trouble()
    if (found === undefined) return
    if (Date.now() + pollMs > until) throw new Failure(found, { exitCode: ExitCode.failed })
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
}
