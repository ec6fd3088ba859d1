import type { Client } from 'pg'
import type { Finding } from '../../../../operation/finding.ts'
import type { Details } from '../details.ts'
import { reachingOut, readPowers } from '../powers.ts'

/** Whom a restored database and what is in it will belong to. */
export interface Ownership {
  /** of the database */
  owner: string
  /** every object to its recorded owner, with its privileges; else all to the database's owner, who needs none */
  objects: 'recorded' | 'all to owner'
  /** the roles that a loader made for this load has to act as */
  actsAs: string[]
  /** to whom what that loader owns goes in the end, where it could not act as that one while it loads */
  handOverTo?: string
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
  const { superuser } = await readPowers(client)
  if (superuser) return await decideForLoader(client, title, details, releaseUser)
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
        actsAs: [],
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
      actsAs: [],
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
  return { owner: details.owner, objects: 'recorded', actsAs: [], findings: [grants(check, owners, unknown)] }
}

/**
 * The same for a superuser, in whose place a role of its own loads. That one may act as owners who are mere users; what
 * belonged to one of more power is handed over once it is loaded.
 */
async function decideForLoader(
  client: Client,
  title: string,
  details: Details,
  releaseUser: string,
): Promise<Ownership> {
  const owners = details.owners.filter((role) => !predefined.test(role))
  const grantees = details.grantees.filter((role) => !predefined.test(role))
  const { rows } = await client.query<{ role: string; harmless: boolean }>(
    `SELECT r.rolname AS role, NOT EXISTS (SELECT FROM pg_roles p
       WHERE (p.rolsuper OR p.rolname = ANY($2)) AND pg_has_role(r.oid, p.oid, 'MEMBER')) AS harmless
     FROM pg_roles r WHERE r.rolname = ANY($1)`,
    [[...owners, ...grantees, details.owner, releaseUser], reachingOut],
  )
  const exists = new Set(rows.map(({ role }) => role))
  const harmless = new Set(rows.filter((row) => row.harmless).map(({ role }) => role))
  const check = { check: 'roles', subject: title }
  const unknown = grantees.filter((role) => !exists.has(role))
  const owner = exists.has(details.owner) ? details.owner : releaseUser
  const [only, ...others] = owners
  if (exists.has(details.owner) && owners.every((role) => harmless.has(role)))
    return { owner, objects: 'recorded', actsAs: owners, findings: [grants(check, [owner, ...owners], unknown)] }
  if (exists.has(details.owner) && only !== undefined && others.length === 0 && exists.has(only))
    return {
      owner,
      objects: 'recorded',
      actsAs: [],
      handOverTo: only,
      findings: [grants(check, [owner, only], unknown)],
    }
  const toRelease = { owner: releaseUser, objects: 'all to owner' as const, actsAs: [], handOverTo: releaseUser }
  if (!exists.has(releaseUser))
    return {
      ...toRelease,
      findings: [
        {
          ...check,
          outcome: 'error',
          message: `the restored data cannot be given to the release's user ${releaseUser}: it does not exist`,
          cure: `CREATE ROLE ${releaseUser}`,
        },
      ],
    }
  const missing = [...new Set([details.owner, ...owners])].filter((role) => !harmless.has(role))
  return {
    ...toRelease,
    findings: [
      {
        ...check,
        outcome: 'warning',
        message:
          `${missing.join(', ')} of the backup ${missing.length === 1 ? 'is' : 'are'} not here, ` +
          `or of more rights than a restore may use: everything will belong to ${releaseUser}, ` +
          'without privileges for others',
        cure:
          'nothing, if only the release uses the data; ' +
          'else CREATE ROLE for those that are not here, and begin anew',
      },
    ],
  }
}

/** Whether everybody is here whom the backup grants something. */
function grants(
  check: Pick<Finding, 'check' | 'subject'>,
  owners: readonly string[],
  unknown: readonly string[],
): Finding {
  if (unknown.length === 0)
    return {
      ...check,
      outcome: 'ok',
      message: `everything will belong to whom it belonged: ${[...new Set(owners)].join(', ')}`,
    }
  return {
    ...check,
    outcome: 'error',
    message: `the backup grants privileges to ${unknown.join(', ')}, which this server does not have`,
    cure: `CREATE ROLE for each (NOLOGIN is enough): ${unknown.join(', ')}`,
  }
}
