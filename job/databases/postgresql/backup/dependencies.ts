import type { Client } from 'pg'
import type { Extension } from '../details.ts'

/**
 * The tables that objects of a database belong to, or the objects themselves, with the extensions that these are
 * members of (pg_depend, deptype e), and each thing that they are built on.
 */
const uses = `
  WITH member AS (
    SELECT classid, objid, refobjid AS extension FROM pg_depend
      WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'),
  use AS (
    SELECT d.refclassid, d.refobjid,
      CASE WHEN d.classid IN ('pg_proc'::regclass, 'pg_type'::regclass) THEN d.classid ELSE 'pg_class'::regclass END
        AS classid,
      coalesce(a.adrelid, c.conrelid, r.ev_class, t.tgrelid, p.polrelid, d.objid) AS objid
    FROM pg_depend d
      LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
      LEFT JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid AND c.conrelid <> 0
      LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
      LEFT JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid
      LEFT JOIN pg_policy p ON d.classid = 'pg_policy'::regclass AND p.oid = d.objid
    WHERE d.deptype IN ('n', 'a')),
  placed AS (
    SELECT use.*, coalesce(c.relnamespace, f.pronamespace, y.typnamespace) AS namespace,
      coalesce(c.relname, f.proname, y.typname) AS name
    FROM use
      LEFT JOIN pg_class c ON use.classid = 'pg_class'::regclass AND c.oid = use.objid
      LEFT JOIN pg_proc f ON use.classid = 'pg_proc'::regclass AND f.oid = use.objid
      LEFT JOIN pg_type y ON use.classid = 'pg_type'::regclass AND y.oid = use.objid
    WHERE NOT EXISTS (SELECT FROM member WHERE member.classid = use.classid AND member.objid = use.objid))`

/** The extensions of a database, and whether something in these schemas is built on each. */
export async function readExtensions(client: Client, schemas: readonly string[]): Promise<Extension[]> {
  const { rows } = await client.query<Extension>(
    `${uses}
    SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema, EXISTS (
      SELECT FROM member JOIN placed ON placed.refclassid = member.classid AND placed.refobjid = member.objid
        JOIN pg_namespace own ON own.oid = placed.namespace
      WHERE member.extension = e.oid AND own.nspname = ANY($1)) AS needed
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql' ORDER BY 1`,
    [schemas],
  )
  return rows
}

/**
 * What in these schemas is built on a table, type or function of another schema of users: without that it cannot be
 * restored.
 */
export async function usesOfOtherSchemas(client: Client, schemas: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ text: string }>(
    `${uses}
    SELECT DISTINCT format('%I.%I of %I.%I', own.nspname, placed.name, other.nspname,
      coalesce(c.relname, f.proname, y.typname)) AS text
    FROM placed JOIN pg_namespace own ON own.oid = placed.namespace
      LEFT JOIN pg_class c ON placed.refclassid = 'pg_class'::regclass AND c.oid = placed.refobjid
        AND c.relkind NOT IN ('i', 'I')
      LEFT JOIN pg_proc f ON placed.refclassid = 'pg_proc'::regclass AND f.oid = placed.refobjid
      LEFT JOIN pg_type y ON placed.refclassid = 'pg_type'::regclass AND y.oid = placed.refobjid
      JOIN pg_namespace other ON other.oid = coalesce(c.relnamespace, f.pronamespace, y.typnamespace)
    WHERE own.nspname = ANY($1) AND other.nspname <> ALL($1)
      AND other.nspname !~ '^pg_' AND other.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM member WHERE member.classid = placed.refclassid AND member.objid = placed.refobjid)
    ORDER BY 1`,
    [schemas],
  )
  return rows.map((row) => row.text)
}

/**
 * What belongs to a database and to none of its schemas, and empty schemas: no dump of these schemas holds it. For
 * people, each with its kind.
 */
export async function readOutsideSchemas(client: Client, schemas: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ text: string }>(
    `WITH o AS (
       SELECT 'pg_publication'::regclass AS classid, oid, format('publication %I', pubname) AS text FROM pg_publication
       UNION ALL SELECT 'pg_event_trigger'::regclass, oid, format('event trigger %I', evtname) FROM pg_event_trigger
       UNION ALL SELECT 'pg_foreign_server'::regclass, oid, format('foreign server %I', srvname) FROM pg_foreign_server
       UNION ALL SELECT 'pg_language'::regclass, oid, format('language %I', lanname) FROM pg_language WHERE lanispl
       UNION ALL SELECT 'pg_cast'::regclass, oid,
         format('cast from %s to %s', format_type(castsource, NULL), format_type(casttarget, NULL))
         FROM pg_cast WHERE oid >= 16384
       UNION ALL SELECT 'pg_default_acl'::regclass, oid, format('default privileges of %I', pg_get_userbyid(defaclrole))
         FROM pg_default_acl WHERE defaclnamespace = 0
       UNION ALL SELECT 'pg_namespace'::regclass, n.oid, format('empty schema %I', nspname) FROM pg_namespace n
         WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public') AND nspname <> ALL($1)
           AND NOT EXISTS (SELECT FROM pg_depend d
             WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid))
     SELECT DISTINCT text FROM o WHERE NOT EXISTS (
       SELECT FROM pg_depend d WHERE d.classid = o.classid AND d.objid = o.oid AND d.deptype = 'e')
     UNION ALL SELECT format('%s large objects', count(*)) FROM pg_largeobject_metadata HAVING count(*) > 0
     ORDER BY 1`,
    [schemas],
  )
  const { rows: own } = await client.query<{ name: string }>('SELECT current_database() AS name')
  const subscriptions = await readSubscriptions(client, own[0]?.name ?? '')
  return [...rows.map((row) => row.text), ...subscriptions.map((name) => `subscription ${name}`)]
}

/** The subscriptions of a database; of PostgreSQL 13 a superuser alone may know of them. */
export async function readSubscriptions(client: Client, database: string): Promise<string[]> {
  const { rows: right } = await client.query<{ readable: boolean }>(
    `SELECT has_column_privilege('pg_subscription', 'subname', 'SELECT') AS readable`,
  )
  if (right[0]?.readable !== true) return []
  const { rows } = await client.query<{ name: string }>(
    `SELECT subname AS name FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
     WHERE d.datname = $1 ORDER BY 1`,
    [database],
  )
  return rows.map((row) => row.name)
}

/**
 * The collations of PostgreSQL's own schema that columns of these schemas name: a server has those that its system had
 * when it was made.
 */
export async function readCollations(client: Client, schemas: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT l.collname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_collation l ON l.oid = a.attcollation
     WHERE n.nspname = ANY($1) AND l.collnamespace = 'pg_catalog'::regnamespace
       AND l.collname NOT IN ('default', 'C', 'POSIX', 'ucs_basic') ORDER BY 1`,
    [schemas],
  )
  return rows.map((row) => row.name)
}
