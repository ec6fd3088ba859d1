import { checkName, defaultName, operationName } from '../../operation/names.ts'
import type { OperationRequest, Target } from '../../operation/request.ts'
import { formatTime } from '../../operation/time.ts'
import { formatVersion, programVersion } from '../../operation/version.ts'
import { patchForCluster } from '../kubernetes/jobs/compose/assigned-user.ts'
import type { JobOptions } from '../kubernetes/jobs/compose/complete-job.ts'
import { composeGuardJob, hasGuard } from '../kubernetes/jobs/compose/compose-guard-job.ts'
import { composeJob } from '../kubernetes/jobs/compose/compose-job.ts'
import type { ExtraMounts } from '../kubernetes/jobs/compose/extra-mounts.ts'
import { operationObjects, type OperationObjects } from '../kubernetes/jobs/compose/operation-objects.ts'
import { readProperties } from '../kubernetes/jobs/compose/properties-source.ts'
import { referencesOf } from '../kubernetes/jobs/compose/property-references.ts'
import { podsOnly, propertiesSource, releasePart, type ReleasePart } from '../kubernetes/jobs/compose/release-part.ts'
import { patchForIdentity } from '../kubernetes/jobs/compose/workload-identity.ts'
import {
  requireConfigMapKey,
  requireSecret,
  requireServiceAccount,
  requireSidecars,
  requireStorage,
} from '../kubernetes/releases/prerequisites.ts'
import type { Release } from '../kubernetes/releases/releases.ts'
import { requester } from '../kubernetes/api/requester.ts'
import type { Session } from '../kubernetes/api/session.ts'

type Kind = OperationRequest['kind']
/** The part of a request that every kind has. */
export type RequestCore<K extends Kind> = Pick<
  Extract<OperationRequest, { kind: K }>,
  'version' | 'kind' | 'operation' | 'namespace' | 'createdAt' | 'createdBy' | 'target'
>

/**
 * The name that the user chose, or one made of the first release and the time.
 * @throws Failure (usage) for a name that Kubernetes refuses
 */
export function chooseName(name: string | undefined, release: string): string {
  return name === undefined ? defaultName(release, Date.now()) : checkName(name)
}

/** What every request of a kind begins with. */
export function requestCore<K extends Kind>(session: Session, kind: K, name: string, target: Target) {
  return {
    version: formatVersion,
    kind,
    operation: operationName(kind, name),
    namespace: session.namespace,
    createdAt: formatTime(Date.now()),
    createdBy: programVersion,
    target,
  } as const
}

/**
 * Releases with their databases, as a Job needs them.
 * @throws Failure where the properties of a release are not found
 */
export async function databaseParts(session: Session, releases: readonly Release[]): Promise<ReleasePart[]> {
  return Promise.all(
    releases.map(async (release, index) => {
      const text = await readProperties(session, propertiesSource(release))
      const alone = releases.filter((other) => other.name === release.name).length === 1
      return releasePart(
        release,
        index,
        alone ? release.name : `${release.name}-${release.product.app}`,
        text === undefined ? undefined : referencesOf(text),
      )
    }),
  )
}

/** Releases of which an operation needs only the pods. */
export function podParts(releases: readonly Release[]): ReleasePart[] {
  return releases.map(podsOnly)
}

/**
 * The objects of an operation, after all that can be checked from here.
 * @throws Failure for a ServiceAccount, claim or Secret that is not there
 */
export async function prepareOperation(
  session: Session,
  request: OperationRequest,
  parts: readonly ReleasePart[],
  extra: ExtraMounts,
  options: JobOptions,
): Promise<OperationObjects> {
  const [patch, requestedBy, annotations] = await Promise.all([
    patchForCluster(session, options.patch),
    requester(session),
    requireServiceAccount(session, options.serviceAccount),
    extra.location === undefined ? undefined : requireStorage(session, extra.location),
    extra.target === undefined ? undefined : requireStorage(session, extra.target),
    requireSecret(session, '--database-secret', extra.databaseSecret),
    requireSecret(session, '--decrypt-secret', extra.decryptSecret),
    ...(extra.recipientSecrets ?? []).map((name) => requireSecret(session, '--encrypt', name)),
    requireSecret(session, '--tls-ca-secret', extra.tlsCaSecret),
    requireSecret(session, '--exec-secret', extra.ownTool?.secret),
    requireConfigMapKey(session, '--schema-loader-schema', extra.ownTool?.schema),
    extra.ownTool === undefined ? undefined : requireSidecars(session),
    ...options.imagePullSecrets.map((name) => requireSecret(session, '--image-pull-secret', name)),
  ])
  const patched = { ...options, patch }
  const identified = { ...options, patch: patchForIdentity(annotations, patch) }
  // The Jobs have the hash of the request as it is written.
  const asked = { ...request, requestedBy }
  const guard = hasGuard(request) ? composeGuardJob(asked, parts, extra, patched) : undefined
  return operationObjects(asked, composeJob(asked, parts, extra, identified), guard)
}
