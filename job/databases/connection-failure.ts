import { Failure, messageOf } from '../../operation/failure.ts'

/** What a server or its driver may answer a connection with, and what that means to an administrator. */
export interface ConnectionError<Access> {
  /** matched against the error's code and message */
  matches: RegExp
  /** whether it can mean that; always where absent */
  when?(access: Access): boolean
  why(access: Access): string
  next: string
}

/** What a network may answer, whatever the driver; codes: node's errors of the system (errno(3), getaddrinfo(3)). */
const networkErrors: readonly ConnectionError<{ hosts: readonly { host: string }[] }>[] = [
  {
    matches: /^ENOTFOUND|^EAI_AGAIN/,
    why: ({ hosts }) => `the name ${hosts[0]?.host ?? ''} does not resolve in this cluster`,
    next: "check the host in scalar.db.contact_points and the cluster's DNS",
  },
  {
    matches: /^ECONNREFUSED/,
    why: () => 'nothing answers on that port',
    next: 'check host and port in scalar.db.contact_points, and that the server runs',
  },
  {
    matches: /^ETIMEDOUT|^EHOSTUNREACH|^ENETUNREACH|^timeout expired/,
    why: () =>
      'there is no answer: no route to it, a firewall or NetworkPolicy drops it, or its name cannot be looked up',
    next: "allow the worker's pod to reach the database and the cluster's DNS",
  },
  {
    matches: /^ECONNRESET|^EPIPE|^PROTOCOL_CONNECTION_LOST|terminated unexpectedly/,
    why: () => 'the connection was closed',
    next: "check the server's log, and proxies in between",
  },
]

/**
 * An error of connecting as a person can use it; a Failure is one already. Messages of drivers hold no password.
 * @param known the kind's errors; those of the network come before them, and the first that matches wins
 */
export function connectionFailure<Access extends { hosts: readonly { host: string }[] }>(
  title: string,
  access: Access,
  error: unknown,
  known: readonly ConnectionError<Access>[],
): Failure {
  if (error instanceof Failure) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const text = `${code} ${messageOf(error)}`.trim()
  const fits = [...networkErrors, ...known].find(({ matches, when }) => matches.test(text) && when?.(access) !== false)
  return new Failure(
    {
      what: `cannot connect to ${title}`,
      why: fits?.why(access) ?? text,
      next: fits?.next ?? "check scalar.db.contact_points, and the server's log",
    },
    { cause: error },
  )
}
