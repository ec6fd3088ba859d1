import type { V1Pod } from '@kubernetes/client-node'
import { jobState, lastWords, mayStillWork, type JobState } from '../../operation/outcome/job-state.ts'
import { jobName, labels, type Role } from '../../operation/names.ts'
import type { Api } from './api.ts'
import { ask, askIfAny } from './ask.ts'
import type { OperationPod } from './cluster.ts'
import { podTrouble } from './pods.ts'

/** The pods of an operation's Jobs, oldest first, those that have ended as well. */
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
      running: status?.phase === 'Running',
      ...(trouble === undefined ? {} : { trouble }),
    }
  })
}

/** How the worker's Job of an operation stands; active as long as one of its pods has its grace period to unpause in. */
export async function workerJob(api: Api, namespace: string, operation: string): Promise<JobState> {
  const job = await askIfAny('get the job of the worker', () =>
    api.batch.readNamespacedJob({ name: jobName(operation), namespace }),
  )
  const state = jobState(job)
  if (state.phase === 'active') return state
  const workers = (await podsOf(api, namespace, operation)).filter((pod) => roleOf(pod) === 'worker')
  if (workers.some(mayStillWork)) return { phase: 'active' }
  const said = lastWords(workers.at(-1))
  return said === undefined ? state : { ...state, said }
}

async function podsOf({ core }: Api, namespace: string, operation: string): Promise<V1Pod[]> {
  const { items } = await ask('list pods', () =>
    core.listNamespacedPod({ namespace, labelSelector: `${labels.operation}=${operation}` }),
  )
  return items.sort((a, b) => createdMs(a) - createdMs(b))
}

function roleOf({ metadata }: V1Pod): Role {
  return metadata?.labels?.[labels.role] === 'guard' ? 'guard' : 'worker'
}

function createdMs({ metadata }: V1Pod): number {
  return metadata?.creationTimestamp?.getTime() ?? 0
}
