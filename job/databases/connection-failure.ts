import { Failure, messageOf } from '../../operation/failure.ts'

/** What a server or its driver may answer a connection with, and what that means to an administrator. */
export interface ConnectionError<Access> {
  /** matched against the error's code and message */
  matches: RegExp
  why(access: Access): string
  next: string
}

/**
 * An error of connecting as a person can use it; a Failure is one already. Messages of drivers hold no password.
 * @param known the kind's errors; the first that matches wins
 */
export function connectionFailure<Access>(
  title: string,
  access: Access,
  error: unknown,
  known: readonly ConnectionError<Access>[],
): Failure {
  if (error instanceof Failure) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const text = `${code} ${messageOf(error)}`.trim()
  const fits = known.find(({ matches }) => matches.test(text))
  return new Failure(
    {
      what: `cannot connect to ${title}`,
      why: fits?.why(access) ?? text,
      next: fits?.next ?? "check scalar.db.contact_points, and the server's log",
    },
    { cause: error },
  )
}
