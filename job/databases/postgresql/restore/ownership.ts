import type { Client } from 'pg'
import type { Finding } from '../../../../operation/finding.ts'
import type { Details } from '../details.ts'

/** Whom a restored database and what is in it will belong to. */
export interface Ownership {
  /** of the database */
  owner: string
  /** every object to its recorded owner, with its privileges; else all to the database's owner, who needs none */
  objects: 'recorded' | 'all to owner'
  findings: Finding[]
}

/** The roles that PostgreSQL itself has in every server. */
const predefined = /^pg_/

/**
 * Decides by which roles exist here and which of them this user may act as: on the server of the backup everything
 * becomes as it was; on a fresh one everything belongs to the release's own user.
 */
export async function decideOwnership(
  client: Client,
  title: string,
  details: Details,
  releaseUser: string,
): Promise<Ownership> {
  const wanted = [...new Set([details.owner, ...details.owners, releaseUser])].filter((role) => !predefined.test(role))
  const grantees = details.grantees.filter((role) => !predefined.test(role))
  const { rows } = await client.query<{ role: string; usable: boolean }>(
    `SELECT rolname AS role, pg_has_role(oid, CASE WHEN current_setting('server_version_num')::int >= 160000
       THEN 'SET' ELSE 'MEMBER' END) AS usable
     FROM pg_roles WHERE rolname = ANY($1)`,
    [[...wanted, ...grantees]],
  )
  const exists = new Set(rows.map((row) => row.role))
  const usable = new Set(rows.filter((row) => row.usable).map((row) => row.role))
  const owners = wanted.filter((role) => role !== releaseUser || [details.owner, ...details.owners].includes(role))
  const check = { check: 'roles', subject: title }
  const missing = owners.filter((role) => !usable.has(role))
  if (missing.length > 0) {
    if (!usable.has(releaseUser)) {
      const why = exists.has(releaseUser) ? 'this user is no member of it' : 'it does not exist'
      return {
        owner: releaseUser,
        objects: 'all to owner',
        findings: [
          {
            ...check,
            outcome: 'error',
            message: `the restored data cannot be given to the release's user ${releaseUser}: ${why}`,
            cure: `CREATE ROLE and GRANT ${releaseUser} TO the user that restores`,
          },
        ],
      }
    }
    return {
      owner: releaseUser,
      objects: 'all to owner',
      findings: [
        {
          ...check,
          outcome: 'warning',
          message:
            `${missing.join(', ')} of the backup ${missing.length === 1 ? 'is' : 'are'} not here, ` +
            `or this user is no member: everything will belong to ${releaseUser}, without privileges for others`,
          cure:
            'nothing, if only the release uses the data; ' +
            'else CREATE ROLE, GRANT it to the user that restores, and begin anew',
        },
      ],
    }
  }
  const unknown = grantees.filter((role) => !exists.has(role))
  const outcome: Finding =
    unknown.length === 0
      ? { ...check, outcome: 'ok', message: `everything will belong to whom it belonged: ${owners.join(', ')}` }
      : {
          ...check,
          outcome: 'error',
          message: `the backup grants privileges to ${unknown.join(', ')}, which this server does not have`,
          cure: `CREATE ROLE for each (NOLOGIN is enough): ${unknown.join(', ')}`,
        }
  return { owner: details.owner, objects: 'recorded', findings: [outcome] }
}
