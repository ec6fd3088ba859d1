import type { Client } from 'pg'
import { withoutMark } from '../../dump/mark.ts'
import type { Environment } from '../details.ts'

interface DatabaseRow {
  serverVersion: number
  encoding: string
  owner: string
  comment: string | null
  /** pg_database's row: its columns differ between versions */
  row: {
    datcollate: string
    datctype: string
    datlocprovider?: string
    daticulocale?: string | null
    datlocale?: string | null
    daticurules?: string | null
    datconnlimit: number
    datacl: unknown
  }
}

/** What the connected database is, apart from its schemas. */
export async function readEnvironment(client: Client): Promise<Environment> {
  const { rows } = await client.query<DatabaseRow>(`
    SELECT current_setting('server_version_num')::int AS "serverVersion", pg_encoding_to_char(d.encoding) AS encoding,
           pg_get_userbyid(d.datdba) AS owner, shobj_description(d.oid, 'pg_database') AS comment, to_jsonb(d) AS row
    FROM pg_database d WHERE d.datname = current_database()`)
  const [found] = rows
  if (found === undefined) throw new Error('the current database is not in pg_database')
  const { row } = found
  const privileges = await client.query<{ grantee: string; privilege: string; grantable: boolean }>(`
    SELECT coalesce(r.rolname, '') AS grantee, a.privilege_type AS privilege, a.is_grantable AS grantable
    FROM pg_database d, aclexplode(d.datacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE d.datname = current_database() ORDER BY 1, 2`)
  const settings = await client.query<{ role: string | null; values: string[] }>(`
    SELECT r.rolname AS role, s.setconfig AS values
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole
    WHERE d.datname = current_database() ORDER BY 1 NULLS FIRST`)
  const extensions = await client.query<{ name: string }>(
    `SELECT extname AS name FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1`,
  )
  return {
    serverVersion: found.serverVersion,
    encoding: found.encoding,
    collate: row.datcollate,
    ctype: row.datctype,
    localeProvider: row.datlocprovider ?? 'c',
    locale: row.datlocale ?? row.daticulocale ?? null,
    icuRules: row.daticurules ?? null,
    owner: found.owner,
    connectionLimit: row.datconnlimit,
    privileges: row.datacl === null ? null : privileges.rows,
    settings: settings.rows,
    // The mark of an earlier restore is no part of it.
    comment: withoutMark(found.comment ?? '') || null,
    extensions: extensions.rows.map((extension) => extension.name),
  }
}

/** Roles that the objects of some schemas belong to, and those that hold privileges on them. */
export async function readRoles(
  client: Client,
  schemas: readonly string[],
): Promise<{ owners: string[]; grantees: string[] }> {
  const inSchemas = `WITH s AS (SELECT oid, nspowner, nspacl FROM pg_namespace WHERE nspname = ANY($1))`
  const owners = await client.query<{ name: string }>(
    `${inSchemas}
    SELECT DISTINCT pg_get_userbyid(o.owner) AS name FROM (
      SELECT nspowner AS owner FROM s
      UNION SELECT relowner FROM pg_class JOIN s ON s.oid = relnamespace
      UNION SELECT proowner FROM pg_proc JOIN s ON s.oid = pronamespace
      UNION SELECT typowner FROM pg_type JOIN s ON s.oid = typnamespace) o ORDER BY 1`,
    [schemas],
  )
  const grantees = await client.query<{ name: string }>(
    `${inSchemas}
    SELECT DISTINCT r.rolname AS name FROM (
      SELECT nspacl AS acl FROM s
      UNION ALL SELECT relacl FROM pg_class JOIN s ON s.oid = relnamespace
      UNION ALL SELECT attacl FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN s ON s.oid = c.relnamespace
      UNION ALL SELECT proacl FROM pg_proc JOIN s ON s.oid = pronamespace
      UNION ALL SELECT typacl FROM pg_type JOIN s ON s.oid = typnamespace
      UNION ALL SELECT defaclacl FROM pg_default_acl JOIN s ON s.oid = defaclnamespace) a,
      aclexplode(a.acl) e JOIN pg_roles r ON r.oid IN (e.grantee, e.grantor)
    UNION SELECT r.rolname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN s ON s.oid = c.relnamespace
      JOIN pg_roles r ON r.oid = ANY (p.polroles)
    UNION SELECT pg_get_userbyid(defaclrole) FROM pg_default_acl JOIN s ON s.oid = defaclnamespace
    ORDER BY 1`,
    [schemas],
  )
  const names = (rows: { name: string }[]) => rows.map((row) => row.name)
  return { owners: names(owners.rows), grantees: names(grantees.rows) }
}
