import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { escapeIdentifier, escapeLiteral, type Client } from 'pg'
import { Failure } from '../../../../operation/failure.ts'
import type { Names } from '../../dump/names.ts'
import type { Access } from '../access.ts'
import type { Powers } from '../powers.ts'
import type { Ownership } from './ownership.ts'

/** @throws Failure where what is loaded would run with rights beyond the databases, and no other role can be made */
export function refuseBeyond(access: Access, title: string, { superuser, beyond }: Powers): void {
  if (superuser || beyond.length === 0) return
  throw new Failure({
    what: `${title} is not loaded by ${access.username}`,
    why: `it is a member of ${beyond.join(', ')}, and what is loaded would have the rights of these`,
    next: `REVOKE them from ${access.username}, or give a Secret of another user by --database-secret`,
  })
}

/** The name of the role that loads in the place of a superuser. The same operation finds the same again. */
export function loaderName({ restored }: Names): string {
  return `kubectl_scalardl_${createHash('sha256').update(restored).digest('hex').slice(0, 12)}`
}

/**
 * Makes the role that loads in the place of a superuser: it may log in and owns what it makes, no more. Its password
 * exists in this process alone, and the server gets no more of it than what verifies it, since servers log statements.
 * @returns the access of that role
 */
export async function makeLoader(client: Client, access: Access, names: Names, ownership: Ownership): Promise<Access> {
  const username = loaderName(names)
  const password = randomBytes(24).toString('base64url')
  const role = escapeIdentifier(username)
  await client.query(`CREATE ROLE ${role} LOGIN NOSUPERUSER BYPASSRLS PASSWORD ${escapeLiteral(verifierOf(password))}`)
  for (const owner of ownership.actsAs) await client.query(`GRANT ${escapeIdentifier(owner)} TO ${role}`)
  return { ...access, username, password }
}

/** Removes that role, which owns nothing once its database is gone or handed over; fine where there is none. */
export async function dropLoader(client: Client, names: Names): Promise<void> {
  const name = loaderName(names)
  const { rows } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name])
  if (rows.length > 0) await client.query(`DROP ROLE ${escapeIdentifier(name)}`)
}

/** A password as PostgreSQL stores it: RFC 5803, SCRAM-SHA-256 with PostgreSQL's 4096 rounds. */
function verifierOf(password: string): string {
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, 4096, 32, 'sha256')
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64')
  return `SCRAM-SHA-256$4096:${salt.toString('base64')}$${stored}:${keyed('Server Key').toString('base64')}`
}
