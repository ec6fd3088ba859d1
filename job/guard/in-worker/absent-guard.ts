import { formatDuration } from '../../../operation/duration.ts'
import { Failure } from '../../../operation/failure.ts'
import { guardJobName, keySecretName } from '../../../operation/names.ts'
import type { OperationJobs, OperationPod } from '../../kubernetes/cluster.ts'

interface Absence {
  operation: string
  /** ms */
  waitedMs: number
  /** why this worker cannot be connected to */
  trouble: string | undefined
  /** what connected from its address did not have the operation's key */
  refusedSome: boolean
  port: number
}

/** Why no guard has connected: what its pod waits for. */
export async function absentGuard(cluster: OperationJobs, absence: Absence): Promise<Failure> {
  const pods = await cluster.operationPods(absence.operation).catch(() => undefined)
  const guard = pods?.findLast(({ role }) => role === 'guard')
  const { why, cure } = causeOf(absence, pods === undefined ? 'unknown' : guard)
  return new Failure({
    what: `nothing was paused: no guard stands by after ${formatDuration(absence.waitedMs)}`,
    why,
    next:
      `${cure}; or do without one by --guard=false: a worker that is killed then leaves the servers paused until ` +
      'its Job starts another',
  })
}

function causeOf(
  { operation, trouble, refusedSome, port }: Absence,
  guard: OperationPod | undefined | 'unknown',
): { why: string; cure: string } {
  const job = guardJobName(operation)
  if (trouble !== undefined)
    return {
      why: `this worker cannot listen on port ${port}: ${trouble}`,
      cure: 'free that port on the node, or let the worker run without hostNetwork',
    }
  if (guard === 'unknown')
    return { why: 'its pod cannot be seen: the API server does not answer', cure: 'try again once it does' }
  if (guard === undefined)
    return { why: `its Job ${job} has no pod`, cure: `see with \`kubectl describe job ${job}\` what refuses it` }
  if (!guard.running)
    return {
      why: `pod ${guard.name}: ${guard.trouble ?? 'it does not run'}`,
      cure:
        `see with \`kubectl describe pod ${guard.name}\` what it waits for, ` +
        'and give it longer with --guard-timeout where the cluster adds a node for it',
    }
  if (refusedSome)
    return {
      why: `pod ${guard.name} runs on ${guard.node}, but what connects from there does not have this operation's key`,
      cure:
        'let both pods run the same image (a tag may have moved between their pulls), ' +
        `and see \`kubectl logs ${guard.name}\``,
    }
  return {
    why: `pod ${guard.name} runs on ${guard.node}, but no connection of it came to this worker`,
    cure:
      `see \`kubectl logs ${guard.name}\`, and let the pods of this operation reach each other on port ` +
      `${port} where NetworkPolicies forbid it`,
  }
}

/** Without a key a guard cannot be told from whoever else is on the network. */
export function withoutKey(operation: string): Failure {
  return new Failure({
    what: 'nothing was paused: this worker cannot know its guard',
    why:
      `the key of ${operation} is not mounted: Secret ${keySecretName(operation)} is gone, ` +
      'or the plugin that began this is older than the image',
    next: 'use a plugin of the version of the image, and begin anew; or do without a guard by --guard=false',
  })
}

/** A guard without a connection to some server could not unpause it. */
export function blindGuard(pod: string, why: string): Failure {
  return new Failure({
    what: 'nothing was paused: the guard does not reach every server',
    why: `pod ${pod}: ${why}`,
    next:
      'let the guard reach what the worker reaches: its pods have the label kubectl-scalardl.dev/role=guard for ' +
      'NetworkPolicies; or do without one by --guard=false',
  })
}
