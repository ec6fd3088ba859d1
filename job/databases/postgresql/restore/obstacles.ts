import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import type { Finding } from '../../../../operation/finding.ts'
import { readSubscriptions } from '../backup/dependencies.ts'
import type { FoundDatabase } from './catalog.ts'

/** How long what is in the way right before a switch may take to go by itself, ms, and how often to look. */
const patienceMs = 5_000
const lookMs = 500

/**
 * The rights that renaming needs (CREATEDB, and the privileges of each owner: ALTER DATABASE), or dropping (the latter
 * alone), and the right to end sessions.
 */
export async function checkRights(
  client: Client,
  title: string,
  databases: readonly FoundDatabase[],
  act: 'rename' | 'drop',
): Promise<Finding[]> {
  const owners = [...new Set(databases.flatMap(({ owner }) => owner ?? []))]
  const { rows } = await client.query<{ superuser: boolean; creates: boolean; signals: boolean; strange: string[] }>(
    `SELECT rolsuper AS superuser, rolcreatedb AS creates, pg_has_role('pg_signal_backend', 'USAGE') AS signals,
       ARRAY(SELECT o.rolname::text FROM pg_roles o WHERE o.rolname = ANY($1) AND NOT pg_has_role(o.oid, 'USAGE')
         ORDER BY 1) AS strange
     FROM pg_roles WHERE rolname = current_user`,
    [owners],
  )
  const [rights] = rows
  if (rights === undefined) throw new Error('the current user is in no catalog')
  const check = { check: 'rights', subject: title }
  if (rights.superuser) return [{ ...check, outcome: 'ok', message: 'superuser' }]
  const findings: Finding[] = []
  const cure = 'give a Secret of a user with that right by --database-secret'
  if (act === 'rename' && !rights.creates)
    findings.push({
      ...check,
      outcome: 'error',
      message: 'the user may not create and rename databases (CREATEDB)',
      cure,
    })
  if (rights.strange.length > 0)
    findings.push({
      ...check,
      outcome: 'error',
      message: `the user has not the rights of ${rights.strange.join(', ')}, whom a database to ${act} belongs to`,
      cure: `${cure}: a member that inherits`,
    })
  if (!rights.signals)
    findings.push({
      ...check,
      outcome: 'warning',
      message: 'sessions of other users could not be ended (pg_signal_backend): any that is open makes the switch fail',
      cure: 'GRANT pg_signal_backend to the user, or see that nobody else is connected',
    })
  return findings.length > 0
    ? findings
    : [{ ...check, outcome: 'ok', message: 'may create and rename databases and end sessions' }]
}

/**
 * What is in some databases that this user cannot send away, so that they can be neither renamed nor dropped: sessions
 * that it may not end (pg_terminate_backend: those of superusers, and without pg_signal_backend those of other roles),
 * and prepared transactions, which belong to no session. Sessions of the release's own user end with its pods.
 */
export async function checkSessions(
  client: Client,
  title: string,
  databases: readonly string[],
  releaseUser: string,
  outcome: 'warning' | 'error',
): Promise<Finding[]> {
  const sessions = await client.query<{ who: string }>(
    `SELECT DISTINCT format('%s in database %s%s%s', r.rolname, a.datname, ' from ' || host(a.client_addr),
       CASE WHEN coalesce(a.application_name, '') = '' THEN '' ELSE format(' (%s)', a.application_name) END) AS who
     FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid JOIN pg_roles me ON me.rolname = current_user
     WHERE a.datname = ANY($1) AND a.pid <> pg_backend_pid() AND r.rolname <> $2 AND NOT me.rolsuper
       AND (r.rolsuper OR NOT (pg_has_role(r.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')))
     ORDER BY 1`,
    [databases, releaseUser],
  )
  const prepared = await client.query<{ who: string }>(
    `SELECT format('%s of %s in database %s', gid, owner, database) AS who FROM pg_prepared_xacts
     WHERE database = ANY($1) ORDER BY 1`,
    [databases],
  )
  const check = { subject: title, outcome }
  const named = (rows: { who: string }[]) => rows.map(({ who }) => who).join(', ')
  return [
    ...(sessions.rows.length === 0
      ? []
      : [
          {
            ...check,
            check: 'sessions of others',
            message:
              'the user may not end these, which keep the databases from being switched: ' + named(sessions.rows),
            cure:
              'close them, or give a Secret of a user that may end them by --database-secret ' +
              '(pg_signal_backend; of a superuser only a superuser)',
          },
        ]),
    ...(prepared.rows.length === 0
      ? []
      : [
          {
            ...check,
            check: 'prepared transactions',
            message: `they keep the databases from being switched: ${named(prepared.rows)}`,
            cure: 'COMMIT PREPARED or ROLLBACK PREPARED each',
          },
        ]),
  ]
}

/**
 * As checkSessions() right before a switch: what goes by itself within some seconds, as a monitor's session does, is in
 * nobody's way.
 */
export async function awaitSessions(
  client: Client,
  title: string,
  databases: readonly string[],
  releaseUser: string,
  signal: AbortSignal,
): Promise<Finding[]> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const findings = await checkSessions(client, title, databases, releaseUser, 'error')
    if (findings.length === 0 || Date.now() > deadline) return findings
    await sleep(lookMs, undefined, { signal })
  }
}

/** What keeps a database from being dropped even when nobody is in it: DROP DATABASE. */
export async function checkUses(client: Client, title: string, database: string): Promise<Finding[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT slot_name AS name FROM pg_replication_slots WHERE database = $1 ORDER BY 1',
    [database],
  )
  const uses = [
    ...rows.map(({ name }) => `replication slot ${name}`),
    ...(await readSubscriptions(client, database)).map((name) => `subscription ${name}`),
  ]
  if (uses.length === 0) return []
  return [
    {
      check: 'uses',
      subject: title,
      outcome: 'error',
      message: `database ${database} cannot be dropped while it has ${uses.join(', ')}`,
      cure: 'drop each first, when nothing follows it any more',
    },
  ]
}
