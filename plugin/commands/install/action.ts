import type { Action } from '../../command-line/command.ts'
import { Failure } from '../../../operation/failure.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { apiMessage, statusCode } from '../../kubernetes/api/api-error.ts'
import { applyObject, showObjects } from '../../kubernetes/api/apply.ts'
import { objectTitle, type OwnObject } from '../../kubernetes/api/objects.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import { readExecNamespaces, readExecSecrets } from '../../flags/kind-flags.ts'
import { readPairs } from '../../flags/pairs.ts'
import type { InstallFlags } from './command.ts'
import { findReleases } from '../../kubernetes/releases/releases.ts'
import {
  admissionPolicy,
  installationObjects,
  networkPolicies,
  objectsElsewhere,
  repointObjects,
  type NamedReleases,
} from './objects.ts'
import { readRepointSecrets } from './repoint-secrets.ts'
import { installSigningKey, readWishes } from './signing-key.ts'

async function apply(session: Session, object: OwnObject, flags: InstallFlags): Promise<void> {
  try {
    await applyObject(session, object, flags.output, flags.dryRun)
  } catch (error) {
    if (statusCode(error) !== 409) throw error
    const conflict = {
      what: `${objectTitle(object)} is managed by somebody else`,
      why: apiMessage(error),
      next: 'choose another name with --service-account, or delete that object',
    }
    throw new Failure(conflict, { cause: error })
  }
}

/**
 * The releases of --release with their Deployments; undefined where the Role is for all of the namespace.
 * @throws Failure where one is not there
 */
async function namedReleases(session: Session, { release = [] }: InstallFlags): Promise<NamedReleases | undefined> {
  if (release.length === 0) return undefined
  const found = await findReleases(session, release)
  const deployments = found.flatMap(({ deployment }) => deployment?.metadata?.name ?? [])
  return { releases: [...new Set(release)].sort(), deployments: [...new Set(deployments)].sort() }
}

export const runInstall: Action<InstallFlags> = async (flags, session, terminal) => {
  const wishes = await readWishes(flags)
  const secrets = readRepointSecrets(flags)
  const annotations = readPairs('--service-account-annotation', flags.serviceAccountAnnotation ?? [])
  const objects = [
    ...installationObjects(flags.serviceAccount, session.namespace, annotations, await namedReleases(session, flags)),
    ...(flags.networkPolicy ? networkPolicies(session.namespace) : []),
    ...(flags.admissionPolicy ? admissionPolicy(flags.serviceAccount, session.namespace) : []),
    ...(secrets.length === 0 ? [] : repointObjects(flags.serviceAccount, session.namespace, secrets)),
  ]
  const namespaces = readExecNamespaces(flags)
  const clientSecrets = readExecSecrets(flags, namespaces)
  const elsewhere = namespaces.map((at) => ({
    session: { ...session, namespace: at },
    objects: objectsElsewhere(
      flags.serviceAccount,
      session.namespace,
      at,
      flags.exec ? 'install/exec-role' : 'install/pods-role',
      clientSecrets,
    ),
  }))
  for (const object of objects) await apply(session, object, flags)
  for (const { session: there, objects: its } of elsewhere) for (const object of its) await apply(there, object, flags)
  objects.push(...elsewhere.flatMap(({ objects: its }) => its))
  showObjects(terminal, objects, flags.output, 'applied', flags.dryRun)
  await installSigningKey(session, terminal, wishes, flags)
  return ExitCode.done
}
