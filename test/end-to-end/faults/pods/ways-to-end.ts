import { exhaustMemory, signalPod } from '../../../local-kubernetes/machines/pod-processes.ts'
import type { Stage } from '../../stage/stage.ts'
import type { FoundPod } from '../fault-stage.ts'

export interface WayToEnd {
  name: string
  /** for people, after the name of what ends */
  title: string
  end(stage: Stage, pod: FoundPod): unknown
}

/** What may end a pod while its node goes on: two crashes, and two requests to go. */
export const waysToEnd: readonly WayToEnd[] = [
  { name: 'killed', title: 'killed (SIGKILL)', end: (_, { uid }) => signalPod(uid, 'SIGKILL') },
  { name: 'out-of-memory', title: 'out of memory', end: (_, { uid }) => exhaustMemory(uid) },
  { name: 'evicted', title: 'evicted', end: evict },
  {
    name: 'deleted',
    title: 'deleted',
    end: (stage, { name }) => stage.kubectl(['delete', 'pod', name, '--wait=false']),
  },
]

function evict(stage: Stage, { name }: FoundPod): Promise<string> {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: stage.namespace } }
  return stage.kubectl(
    ['create', '--raw', `/api/v1/namespaces/${stage.namespace}/pods/${name}/eviction`, '-f', '-'],
    JSON.stringify(eviction),
  )
}
