import type { Action } from '../../command-line/command.ts'
import { Failure } from '../../../operation/failure.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { labels, managedBy, signingKey, type Role } from '../../../operation/names.ts'
import { deleteObject, showObjects } from '../../kubernetes/api/apply.ts'
import { readJobState } from '../../kubernetes/jobs/operation-job.ts'
import { readRecord } from '../../kubernetes/records/records.ts'
import type { OwnObject } from '../../kubernetes/api/objects.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import { readExecNamespaces } from '../../flags/kind-flags.ts'
import {
  admissionPolicy,
  installationObjects,
  networkPolicies,
  objectsElsewhere,
  repointObjects,
} from '../install/objects.ts'
import { readRepointSecrets } from '../install/repoint-secrets.ts'
import type { UninstallFlags } from './command.ts'

/** A worker that has recorded a success needs its rights no more, though Kubernetes tells of its end only later. */
async function isOver(session: Session, operation: string): Promise<boolean> {
  const { phase } = await readJobState(session, operation)
  return phase !== 'active' || (await readRecord(session, operation))?.state === 'succeeded'
}

/** Refuses while a worker runs: without its rights it could leave pods paused. */
async function refuseWhileWorking(session: Session, serviceAccount: string): Promise<void> {
  const { items } = await session.batch.listNamespacedJob({
    namespace: session.namespace,
    labelSelector: `${labels.managedBy}=${managedBy}`,
  })
  // A guard ends by itself once its worker has ended.
  const workers = items.filter((job) => job.metadata?.labels?.[labels.role] !== ('guard' satisfies Role))
  const active: string[] = []
  for (const { metadata, spec } of workers) {
    const operation = metadata?.labels?.[labels.operation]
    if (operation === undefined || spec?.template.spec?.serviceAccountName !== serviceAccount) continue
    if (!(await isOver(session, operation))) active.push(operation)
  }
  const [first] = active
  if (first === undefined) return
  throw new Failure({
    what: `${serviceAccount} is in use`,
    why: `under way: ${active.join(', ')}`,
    next:
      `wait for it with \`kubectl scalardl wait ${first} -n ${session.namespace}\`, ` +
      `or end it with \`kubectl scalardl cancel ${first} -n ${session.namespace}\``,
  })
}

export const runUninstall: Action<UninstallFlags> = async (flags, session, terminal) => {
  await refuseWhileWorking(session, flags.serviceAccount)
  const deleted: OwnObject[] = []
  // rights go first, so that a failure in between leaves no account with rights
  const objects = [
    ...installationObjects(flags.serviceAccount, session.namespace, {}),
    ...(flags.networkPolicy ? networkPolicies(session.namespace) : []),
    ...(flags.admissionPolicy ? admissionPolicy(flags.serviceAccount, session.namespace) : []),
  ]
  // The Role of --repoint-secret goes always, what was kept only where its Secret is named.
  objects.push(...repointObjects(flags.serviceAccount, session.namespace, readRepointSecrets(flags)))
  for (const at of readExecNamespaces(flags)) {
    const there = { ...session, namespace: at }
    // Both Roles have one name.
    const its = objectsElsewhere(flags.serviceAccount, session.namespace, at, 'install/exec-role')
    for (const object of its.toReversed()) if (await deleteObject(there, object, flags.dryRun)) deleted.push(object)
  }
  for (const object of objects.toReversed()) {
    if (await deleteObject(session, object, flags.dryRun)) deleted.push(object)
  }
  showObjects(terminal, deleted, flags.output, 'deleted', flags.dryRun)
  terminal.note(
    deleted.length === 0
      ? `nothing called ${flags.serviceAccount} is installed in namespace ${session.namespace}`
      : `Records stay, and secret/${signingKey.secret} with them, which is what they are signed with.`,
  )
  return ExitCode.done
}
