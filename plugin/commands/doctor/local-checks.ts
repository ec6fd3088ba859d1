import type { Finding } from '../../../operation/finding.ts'
import { Failure } from '../../../operation/failure.ts'
import { unlessMissing } from '../../kubernetes/api/api-error.ts'
import { requireStorage } from '../../kubernetes/releases/prerequisites.ts'
import type { Release } from '../../kubernetes/releases/releases.ts'
import type { Session } from '../../kubernetes/api/session.ts'

/** The rights that the administrator needs, as `kubectl auth can-i` asks for them. */
const needed = [
  { verb: 'create', group: 'batch', resource: 'jobs' },
  { verb: 'patch', group: 'batch', resource: 'jobs' },
  { verb: 'delete', group: 'batch', resource: 'jobs' },
  { verb: 'create', group: '', resource: 'configmaps' },
  { verb: 'list', group: '', resource: 'configmaps' },
  // the key that worker and guard of an operation share
  { verb: 'create', group: '', resource: 'secrets' },
  { verb: 'patch', group: '', resource: 'secrets' },
  { verb: 'delete', group: '', resource: 'secrets' },
  { verb: 'list', group: 'apps', resource: 'deployments' },
  { verb: 'list', group: '', resource: 'pods' },
  { verb: 'get', group: '', resource: 'pods', subresource: 'log' },
  { verb: 'list', group: '', resource: 'events' },
]

async function ownRights(session: Session): Promise<Finding> {
  const denied = await Promise.all(
    needed.map(async ({ verb, group, resource, subresource }) => {
      const resourceAttributes = {
        namespace: session.namespace,
        verb,
        group,
        resource,
        ...(subresource === undefined ? {} : { subresource }),
      }
      const { status } = await session.authorization.createSelfSubjectAccessReview({
        body: { spec: { resourceAttributes } },
      })
      return status?.allowed === true
        ? []
        : [`${verb} ${[resource, subresource].filter((part) => part !== undefined).join('/')}`]
    }),
  )
  const missing = denied.flat()
  const about = { check: 'your rights', subject: `namespace ${session.namespace}` }
  if (missing.length === 0) return { ...about, outcome: 'ok', message: 'all that commands need' }
  return {
    ...about,
    outcome: 'error',
    message: `you may not ${missing.join(', ')}`,
    cure: 'have these added to your Role in this namespace',
  }
}

async function installation(session: Session, name: string): Promise<Finding> {
  const of = { name, namespace: session.namespace }
  const found = await Promise.all([
    unlessMissing(session.core.readNamespacedServiceAccount(of)).then((object) =>
      object === undefined ? 'ServiceAccount' : undefined,
    ),
    unlessMissing(session.rbac.readNamespacedRole(of)).then((object) => (object === undefined ? 'Role' : undefined)),
    unlessMissing(session.rbac.readNamespacedRoleBinding(of)).then((object) =>
      object === undefined ? 'RoleBinding' : undefined,
    ),
  ])
  const missing = found.filter((kind) => kind !== undefined)
  const about = { check: 'installation', subject: name }
  if (missing.length === 0)
    return { ...about, outcome: 'ok', message: 'ServiceAccount, Role and RoleBinding are there' }
  // one made by hand or by GitOps may have another Role; only without the account can nothing start
  const outcome = missing.includes('ServiceAccount') ? 'error' : 'warning'
  return {
    ...about,
    outcome,
    message: `missing: ${missing.join(', ')}`,
    cure: `run \`kubectl scalardl install -n ${session.namespace}\``,
  }
}

function isReady(pod: Release['pods'][number]): boolean {
  return pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true
}

function releasePods(release: Release): Finding {
  const ready = release.pods.filter(isReady).length
  const about = { check: 'pods', subject: release.name }
  const message = `${release.product.title}: ${ready} of ${release.pods.length} ready`
  if (release.pods.length === 0)
    return { ...about, outcome: 'error', message: `${release.product.title}: none`, cure: 'scale the release up' }
  if (ready < release.pods.length)
    return {
      ...about,
      outcome: 'error',
      message,
      cure:
        'wait until they are, or see `kubectl describe pod -n ' +
        `${release.pods[0]?.metadata?.namespace ?? ''}\` for why not`,
    }
  return { ...about, outcome: 'ok', message }
}

async function storage(session: Session, to: string): Promise<Finding> {
  const about = { check: 'storage', subject: to }
  try {
    return { ...about, outcome: 'ok', message: await requireStorage(session, to) }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { ...about, outcome: 'error', message: `${error.what}: ${error.why}`, cure: error.next }
  }
}

/** What can be checked from here, before a pod runs. */
export async function localChecks(
  session: Session,
  releases: readonly Release[],
  serviceAccount: string,
  to: string | undefined,
): Promise<Finding[]> {
  const asked = await Promise.all([
    ownRights(session),
    installation(session, serviceAccount),
    ...(to === undefined ? [] : [storage(session, to)]),
  ])
  return [...asked, ...releases.map(releasePods)]
}
