import { guardJobName, jobName, keySecretName, managedBy } from '../../../../operation/names.ts'
import { Failure, messageOf } from '../../../../operation/failure.ts'
import { ExitCode } from '../../../../operation/exit-code.ts'
import { asFailure } from '../../../terminal/show-failure.ts'
import { apiMessage, statusCode } from '../../api/api-error.ts'
import { explainApiError } from '../../api/api-failure.ts'
import { createObject, deleteObject } from '../../api/apply.ts'
import { objectTitle, type JobObject, type OwnObject } from '../../api/objects.ts'
import type { DryRun } from '../../api/apply.ts'
import type { OutputFormat } from '../../../terminal/terminal.ts'
import type { Session } from '../../api/session.ts'
import { inSteps, type OperationObjects } from './operation-objects.ts'

/** Deletes objects as far as that is possible; answers those that may have stayed, with the reason. */
export async function removeObjects(session: Session, objects: readonly OwnObject[]): Promise<string[]> {
  const left: string[] = []
  for (const object of objects) {
    try {
      await deleteObject(session, object, 'none')
    } catch (error) {
      left.push(`${objectTitle(object)} (${messageOf(error)})`)
    }
  }
  return left
}

function explain(error: unknown, object: OwnObject, operation: string): unknown {
  const status = statusCode(error)
  if (status === 409) {
    const text = {
      what: `${objectTitle(object)} exists already`,
      why: `an operation ${operation} was made before`,
      next: 'choose another --name, or look at it with `kubectl scalardl get operations`',
    }
    return new Failure(text, { cause: error })
  }
  if (status !== 400 && status !== 422) return error
  return new Failure(
    {
      what: `the API server refuses ${objectTitle(object)}`,
      why: apiMessage(error),
      next: 'correct the flag that this comes from; --dry-run=client -o yaml shows the object',
    },
    { cause: error },
  )
}

/** Without an answer nobody knows whether the Job was made; its operation is named, since it may be under way. */
function halfMade(operation: string, left: readonly string[], { what, why, next }: Failure, cause: unknown): Failure {
  return new Failure(
    {
      what: `${operation} may have begun: ${what}`,
      why: `${why}; not removed: ${left.join(', ')}`,
      next:
        `${next}; then look at \`kubectl scalardl get operations\`, ` +
        `and end it with \`kubectl scalardl cancel ${operation}\``,
    },
    { exitCode: ExitCode.timedOutOrDetached, cause },
  )
}

/** A guard is placed away from its worker, so that its pod waits until that has a Job. */
function waiting(guard: JobObject): JobObject {
  return guard.spec === undefined ? guard : { ...guard, spec: { ...guard.spec, suspend: true } }
}

/**
 * Has the worker's Job own the guard's Job and the key, so that they go with it, and the guard start. Both are there
 * before the Job is.
 * @param uid of the worker's Job
 */
export async function giveToJob(session: Session, operation: string, uid: string): Promise<void> {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: jobName(operation), uid }
  const metadata = { ownerReferences: [{ ...owner, controller: false, blockOwnerDeletion: false }] }
  const { namespace } = session
  const patch = (path: string, body: object) =>
    session.request({
      method: 'PATCH',
      path,
      query: { fieldManager: managedBy },
      body: { type: 'application/merge-patch+json', text: JSON.stringify(body) },
    })
  await Promise.all([
    patch(`/apis/batch/v1/namespaces/${namespace}/jobs/${guardJobName(operation)}`, {
      metadata,
      spec: { suspend: false },
    }),
    patch(`/api/v1/namespaces/${namespace}/secrets/${keySecretName(operation)}`, { metadata }),
  ])
}

/**
 * Makes the objects of an operation, all or none.
 * @throws Failure where one exists already or is refused; what was made by then is gone again, or named where it could
 * not be removed
 */
export async function createOperation(
  session: Session,
  objects: OperationObjects,
  output: OutputFormat,
  dryRun: DryRun,
): Promise<void> {
  const made: OwnObject[] = []
  /** @returns what went wrong */
  const make = async (each: OwnObject): Promise<{ error: unknown; object: OwnObject } | undefined> => {
    const object = each === objects.guard ? waiting(objects.guard) : each
    try {
      const uid = await createObject(session, object, output, dryRun)
      made.unshift(object)
      if (object === objects.job && objects.guard !== undefined && uid !== undefined && dryRun === 'none')
        await giveToJob(session, objects.operation, uid)
      return undefined
    } catch (error) {
      // without an answer it may have been made all the same
      if (statusCode(error) === undefined) made.unshift(object)
      return { error, object }
    }
  }
  for (const step of inSteps(objects)) {
    const refused = (await Promise.all(step.map(make))).find((outcome) => outcome !== undefined)
    if (refused === undefined) continue
    const left = dryRun === 'none' ? await removeObjects(session, made) : []
    const reason = explain(refused.error, refused.object, objects.operation)
    throw left.length === 0
      ? reason
      : halfMade(objects.operation, left, asFailure(explainApiError(reason, session)), refused.error)
  }
}
