import { Failure } from '../../../operation/failure.ts'
import type { ReleaseChange, ReleaseWorkload } from '../../kubernetes/cluster.ts'
import type { OperationContext } from '../../context/operation-context.ts'

/** Releases that must stay stopped until their databases are switched. */
export interface StoppedReleases {
  /** aborted with a Failure once somebody has brought one back */
  readonly broughtBack: AbortSignal
  /** Starts the watch, before the first release is scaled. It ends with release(). */
  watch(): Promise<void>
  /**
   * Asks the API server whether all are at 0 replicas and no pod is left.
   * @throws Failure naming what is back, and who brought it back
   */
  confirm(): Promise<void>
  /** Lets them start again. */
  release(): void
}

/**
 * Watches that nobody starts the releases of an operation while their databases are switched. Argo CD's self-heal, a
 * Helm upgrade or an autoscaler could let them write while some databases hold the former data and some the restored.
 */
export function keepStopped({ cluster, request }: OperationContext<'restore' | 'undo' | 'resume'>): StoppedReleases {
  const releases = request.target.releases.map(({ name }) => name)
  const broughtBack = new AbortController()
  const watching = new AbortController()
  let settled = false

  async function confirm(): Promise<void> {
    broughtBack.signal.throwIfAborted()
    const [workloads, { pods }] = await Promise.all([cluster.workloads(releases), cluster.releaseState(releases)])
    const back = [...scaledUp(workloads), ...pods.map(({ name }) => `pod ${name} is there`)]
    settled ||= back.length === 0
    if (back.length > 0) throw notStopped(back)
  }

  async function look(): Promise<void> {
    const back = scaledUp(await cluster.workloads(releases))
    if (back.length > 0) throw notStopped(back)
  }

  function changed(change: ReleaseChange): void {
    // Pods come and go until all have ended. A Deployment that leaves 0 is reported at once.
    if (!isScaledUp(change) && !(settled && isNewPod(change))) return
    const looked = settled ? confirm() : look()
    looked.catch((error: unknown) => {
      if (!watching.signal.aborted) broughtBack.abort(error)
    })
  }

  return {
    broughtBack: broughtBack.signal,
    async watch() {
      await cluster.watchReleases(releases, changed, watching.signal)
    },
    confirm,
    release: () => watching.abort(),
  }
}

function scaledUp(workloads: readonly ReleaseWorkload[]): string[] {
  return workloads
    .filter(({ replicas }) => replicas > 0)
    .map(
      ({ name, replicas, scaledBy }) =>
        `Deployment ${name} was scaled to ${replicas}${scaledBy === undefined ? '' : ` by ${scaledBy}`}`,
    )
}

function isScaledUp(change: ReleaseChange): boolean {
  if (change.of !== 'workload' || change.before?.kind !== 'Deployment' || change.now?.kind !== 'Deployment')
    return false
  return change.before.replicas === 0 && change.now.replicas > 0
}

function isNewPod(change: ReleaseChange): boolean {
  return change.of === 'pod' && change.before === undefined
}

function notStopped(back: readonly string[]): Failure {
  return new Failure({
    what: 'the releases did not stay stopped while their databases were switched',
    why: back.join('; '),
    next:
      'keep whatever started them away until the switch is done (suspend the self-heal of Argo CD, ' +
      'the autoscaler, a running Helm upgrade), then try again',
  })
}
