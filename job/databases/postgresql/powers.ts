import type { Client } from 'pg'
import type { Finding } from '../../../operation/finding.ts'

/**
 * What a user could do beyond databases, directly or as a member of others: a dump that runs as such a one could run
 * programs on the server (COPY … TO PROGRAM). SET ROLE is no remedy, since what is loaded may RESET it.
 */
export interface Powers {
  superuser: boolean
  /** roles that may act on the server itself, of which this user is a member */
  beyond: string[]
}

/** Predefined roles that reach programs and files of the server: PostgreSQL's documentation, Predefined Roles. */
export const reachingOut = ['pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files']

export async function readPowers(client: Client): Promise<Powers> {
  const { rows } = await client.query<{ superuser: boolean; beyond: string[] }>(
    `SELECT rolsuper AS superuser, ARRAY(SELECT r.rolname::text FROM pg_roles r
       WHERE (r.rolsuper OR r.rolname = ANY($1)) AND pg_has_role(r.oid, 'MEMBER') ORDER BY 1) AS beyond
     FROM pg_roles WHERE rolname = current_user`,
    [reachingOut],
  )
  const [powers] = rows
  if (powers === undefined) throw new Error('the current user is in no catalog')
  return powers
}

/** Whether the user that works for us can do more than it needs. */
export async function checkPowers(client: Client, title: string, user: string): Promise<Finding[]> {
  const { superuser, beyond } = await readPowers(client)
  const check = { check: 'database user', subject: title }
  const cure =
    'use a user with CREATEDB that is a member of the owners of the databases and of pg_signal_backend, ' +
    'and of nothing beyond'
  if (superuser)
    return [
      {
        ...check,
        outcome: 'warning',
        message:
          `${user} is a superuser, and neither a backup nor a restore needs one; ` +
          'what a restore loads runs as a role of its own without those rights',
        cure,
      },
    ]
  if (beyond.length === 0) return []
  return [{ ...check, outcome: 'warning', message: `${user} is a member of ${beyond.join(', ')}`, cure }]
}
