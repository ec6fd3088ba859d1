import * as z from 'zod'
import { Failure } from '../../../operation/failure.ts'
import { parseLocation } from '../../../operation/location.ts'
import { secretsOf } from '../../../operation/storage/object-location.ts'
import { unlessMissing } from '../api/api-error.ts'
import type { Session } from '../api/session.ts'

/** Answers undefined also for those who may not look; the API server and the kubelet then check it later. */
async function missing(request: Promise<unknown>): Promise<boolean> {
  try {
    return (await unlessMissing(request)) === undefined
  } catch {
    return false
  }
}

/**
 * Answers the annotations of the ServiceAccount that the Job would run as; none for those who may not look.
 * @throws Failure where it is not there
 */
export async function requireServiceAccount(session: Session, name: string): Promise<Record<string, string>> {
  const asked = session.core.readNamespacedServiceAccount({ name, namespace: session.namespace })
  if (!(await missing(asked))) return asked.then(({ metadata }) => metadata?.annotations ?? {}).catch(() => ({}))
  throw new Failure({
    what: `the ServiceAccount "${name}" is not there`,
    why: `namespace ${session.namespace} has none of that name, and the worker's pod needs its rights`,
    next: `run \`kubectl scalardl install -n ${session.namespace}\`, or name another with --service-account`,
  })
}

/**
 * What of a location can be seen from here. The worker asks the storage itself, before anything is paused.
 * @param text of a Location
 * @returns what was found, for people
 * @throws Failure where its claim, or the Secret that it names, is not there
 */
export async function requireStorage(session: Session, text: string): Promise<string> {
  const location = parseLocation(text)
  if (location.kind === 'volume') {
    await requireClaim(session, text, location.claim)
    return 'the PersistentVolumeClaim is there'
  }
  const secrets = secretsOf(location)
  await Promise.all(secrets.map((name) => requireSecret(session, 'secret= of the location', name)))
  return secrets.length === 0 ? "the worker's own identity is used" : `the Secret ${secrets.join(', ')} is there`
}

/** @throws Failure where the claim of a location is not there, or lost its volume */
async function requireClaim(session: Session, location: string, claim: string): Promise<void> {
  const { namespace } = session
  let phase: string | undefined
  try {
    const found = await unlessMissing(session.core.readNamespacedPersistentVolumeClaim({ name: claim, namespace }))
    if (found === undefined) {
      const { items } = await session.core.listNamespacedPersistentVolumeClaim({ namespace })
      const known = items.map((item) => item.metadata?.name).join(', ')
      throw new Failure({
        what: `the PersistentVolumeClaim "${claim}" is not there`,
        why: known === '' ? `namespace ${namespace} has none` : `namespace ${namespace} has ${known}`,
        next: `make it, or name another: ${location.replace(claim, 'CLAIM')}`,
      })
    }
    phase = found.status?.phase
  } catch (error) {
    if (error instanceof Failure) throw error
    return // may not look
  }
  if (phase === 'Lost')
    throw new Failure({
      what: `the PersistentVolumeClaim "${claim}" has lost its volume`,
      why: 'its phase is Lost',
      next: 'name another claim',
    })
}

/**
 * The container of the administrator's own tool is a sidecar, which clusters know since 1.29 (Kubernetes documentation:
 * "Sidecar Containers").
 * @throws Failure where this one is older
 */
export async function requireSidecars(session: Session): Promise<void> {
  const answer = await session.request({ method: 'GET', path: '/version' }).then(
    (found) => found.text(),
    () => '{}',
  )
  const { major, minor } = versionSchema.safeParse(JSON.parse(answer)).data ?? {}
  if (major !== '1' || minor === undefined || Number.parseInt(minor) >= 29) return
  throw new Failure({
    what: '--exec-image and --schema-loader-image cannot be used here',
    why: `the cluster is Kubernetes 1.${minor}, and its container needs 1.29`,
    next: 'run your own tool between `kubectl scalardl pause` and `kubectl scalardl unpause`',
  })
}

const versionSchema = z.object({ major: z.string(), minor: z.string() })

/** @throws Failure where a ConfigMap that a flag names is not there, or has no such key */
export async function requireConfigMapKey(
  session: Session,
  flag: string,
  named: { configMap: string; key: string } | undefined,
): Promise<void> {
  if (named === undefined) return
  const { configMap: name, key } = named
  const asked = session.core.readNamespacedConfigMap({ name, namespace: session.namespace })
  const isMissing = await missing(asked)
  const keys = isMissing ? [] : await asked.then(({ data = {} }) => Object.keys(data)).catch(() => [key])
  if (keys.includes(key)) return
  throw new Failure({
    what: `the ConfigMap "${name}" is not there, or has no key ${key}`,
    why: isMissing ? `namespace ${session.namespace} has none of that name` : `its keys are ${keys.join(', ')}`,
    next: `make it: kubectl create configmap ${name} -n ${session.namespace} --from-file=${key}; or correct ${flag}`,
  })
}

/** @throws Failure where a Secret that a flag names is not there */
export async function requireSecret(session: Session, flag: string, name: string | undefined): Promise<void> {
  if (name === undefined) return
  if (!(await missing(session.core.readNamespacedSecret({ name, namespace: session.namespace })))) return
  throw new Failure({
    what: `the Secret "${name}" is not there`,
    why: `namespace ${session.namespace} has none of that name`,
    next: `make it, or correct ${flag}`,
  })
}
