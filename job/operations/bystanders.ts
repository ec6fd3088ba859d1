import type { Target } from '../../operation/request.ts'
import type { Bystander } from '../databases/database.ts'
import type { Releases } from '../kubernetes/cluster.ts'

/** Looks up the releases that run beside those of an operation. */
export function bystandersOf({ releases }: Target, cluster: Releases): () => Promise<Bystander[]> {
  return async () => {
    const running = (await cluster.scalarPods()).filter(
      (pod) => !releases.some(({ name, app }) => name === pod.release && app === pod.app),
    )
    return [...new Map(running.map(({ release, app }) => [`${release}/${app}`, { name: release, app }])).values()]
  }
}
