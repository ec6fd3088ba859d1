import type { V1Pod } from '@kubernetes/client-node'
import { hasEnded, workerState, type JobState } from '../../operation/outcome/job-state.ts'
import { guardJobName, jobName, labels, type Role } from '../../operation/names.ts'
import type { Api } from './api.ts'
import { ask, askIfAny } from './ask.ts'
import type { OperationPod } from './cluster.ts'
import { podTrouble } from './pods.ts'

/**
 * The pods of an operation's Jobs, oldest first, those that have ended as well. A pod with nothing but their labels is
 * none of them.
 */
export async function operationPods(api: Api, namespace: string, operation: string): Promise<OperationPod[]> {
  return (await podsOf(api, namespace, operation)).map((pod) => {
    const { metadata, spec, status } = pod
    const trouble = podTrouble(pod)
    return {
      name: metadata?.name ?? '',
      uid: metadata?.uid ?? '',
      role: roleOf(pod),
      ip: status?.podIP ?? '',
      node: spec?.nodeName ?? '',
      // A sidecar keeps the pod itself `Running`.
      ...(spec?.hostNetwork === true && { hostNetwork: true }),
      running: status?.phase === 'Running' && !hasEnded(pod, roleOf(pod)),
      ...(trouble === undefined ? {} : { trouble }),
    }
  })
}

/** How the worker of an operation stands, by its Job and its pods; see workerState. */
export async function workerJob(api: Api, namespace: string, operation: string): Promise<JobState> {
  const job = await askIfAny('get the job of the worker', () =>
    api.batch.readNamespacedJob({ name: jobName(operation), namespace }),
  )
  const workers = (await podsOf(api, namespace, operation)).filter((pod) => roleOf(pod) === 'worker')
  return workerState(job, workers)
}

async function podsOf({ core }: Api, namespace: string, operation: string): Promise<V1Pod[]> {
  const { items } = await ask('list pods', () =>
    core.listNamespacedPod({ namespace, labelSelector: `${labels.operation}=${operation}` }),
  )
  const jobs = { worker: jobName(operation), guard: guardJobName(operation) }
  return items.filter((pod) => isMadeBy(jobs[roleOf(pod)], pod)).sort((a, b) => createdMs(a) - createdMs(b))
}

function isMadeBy(job: string, { metadata }: V1Pod): boolean {
  const maker = metadata?.ownerReferences?.find(({ controller }) => controller === true)
  return maker?.kind === 'Job' && maker.name === job
}

function roleOf({ metadata }: V1Pod): Role {
  return metadata?.labels?.[labels.role] === 'guard' ? 'guard' : 'worker'
}

function createdMs({ metadata }: V1Pod): number {
  return metadata?.creationTimestamp?.getTime() ?? 0
}
