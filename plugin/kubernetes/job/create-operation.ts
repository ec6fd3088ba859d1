import { Failure, messageOf } from '../../../operation/failure.ts'
import { apiMessage, statusCode } from '../api-error.ts'
import { createObject, deleteObject } from '../apply.ts'
import { objectTitle, type OwnObject } from '../objects.ts'
import type { DryRun } from '../../commands/flags.ts'
import type { OutputFormat } from '../../terminal/terminal.ts'
import type { Session } from '../session.ts'
import type { OperationObjects } from './operation-objects.ts'

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
    const text = { what: `${objectTitle(object)} exists already`, why: `an operation ${operation} was made before`, next: 'choose another --name, or look at it with `kubectl scalardl get operations`' }
    return new Failure(text, { cause: error })
  }
  if (status !== 400 && status !== 422) return error
  return new Failure({ what: `the API server refuses ${objectTitle(object)}`, why: apiMessage(error), next: 'correct the flag that this comes from; --dry-run=client -o yaml shows the object' }, { cause: error })
}

/**
 * Makes the objects of an operation, all or none.
 * @throws Failure where one exists already or is refused; what was made by then is gone again
 */
export async function createOperation(session: Session, { operation, request, record, job }: OperationObjects, output: OutputFormat, dryRun: DryRun): Promise<void> {
  const made: OwnObject[] = []
  for (const object of [request, record, job]) {
    try {
      await createObject(session, object, output, dryRun)
      made.unshift(object)
    } catch (error) {
      // without an answer it may have been made all the same
      if (statusCode(error) === undefined) made.unshift(object)
      if (dryRun === 'none') await removeObjects(session, made)
      throw explain(error, object, operation)
    }
  }
}
