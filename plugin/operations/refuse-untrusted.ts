import type { OperationRecord } from '../../operation/record.ts'
import { isSignable, refuseUntrusted, type Trust } from '../../operation/signature/trust.ts'
import { knownKeys } from '../kubernetes/signing/known-keys.ts'
import type { Session } from '../kubernetes/api/session.ts'

/**
 * Refuses a record that nobody trusted vouches for, before a Job is made that would. Where the namespace does
 * not say whom it trusts, that is left to the Job.
 * @throws Failure (exit code 4) that says what has to be typed
 */
export async function refuseStranger(session: Session, record: OperationRecord, trust: Trust): Promise<void> {
  if (!isSignable(record)) return
  const known = await knownKeys(session)
  if (known !== undefined) refuseUntrusted(record, { ...trust, keys: [...known, ...trust.keys] })
}
