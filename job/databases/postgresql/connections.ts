import type { Client } from 'pg'
import type { Finding } from '../../../operation/finding.ts'

/**
 * Whether the connections that an operation opens fit into what the server, the user and the connected database leave
 * at this moment (max_connections, CONNECTION LIMIT of a role and of a database; superusers are exempt from the latter
 * two).
 * @param needed connections beyond those that are open already
 * @param who for people: "a backup"
 */
export async function checkConnections(client: Client, title: string, needed: number, who: string): Promise<Finding> {
  const { rows } = await client.query<{ what: string; free: number }>(
    `SELECT 'the server' AS what, (SELECT sum(CASE WHEN name = 'max_connections' THEN setting::int
         WHEN name = 'superuser_reserved_connections' AND me.rolsuper THEN 0 ELSE -setting::int END)
         FROM pg_settings
         WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections'))::int
       - (SELECT count(*) FROM pg_stat_activity WHERE usesysid IS NOT NULL)::int AS free
     FROM pg_roles me WHERE rolname = current_user
     UNION ALL SELECT format('user %s', rolname), rolconnlimit -
       (SELECT count(*) FROM pg_stat_activity WHERE usesysid = me.oid)::int
     FROM pg_roles me WHERE rolname = current_user AND rolconnlimit >= 0 AND NOT rolsuper
     UNION ALL SELECT format('database %s', datname), datconnlimit -
       (SELECT count(*) FROM pg_stat_activity WHERE datid = d.oid)::int
     FROM pg_database d JOIN pg_roles me ON me.rolname = current_user
     WHERE datname = current_database() AND datconnlimit >= 0 AND NOT me.rolsuper
     ORDER BY 2`,
  )
  const [least] = rows
  if (least === undefined) throw new Error('the current user is in no catalog')
  const check = { check: 'connections', subject: title }
  if (least.free >= needed)
    return { ...check, outcome: 'ok', message: `${least.what} has ${least.free} left, ${who} opens ${needed} more` }
  return {
    ...check,
    outcome: 'error',
    message: `${least.what} has ${Math.max(0, least.free)} left, ${who} opens ${needed} more`,
    cure: `lower --parallel, or raise the connection limit of ${least.what}`,
  }
}
