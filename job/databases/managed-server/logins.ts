import type { Finding } from '../../../operation/finding.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { findingOf } from '../errors.ts'
import { accessOf as mysqlAccessOf } from '../mysql/access.ts'
import { connect as connectMysql } from '../mysql/connect.ts'
import { accessOf as postgresqlAccessOf } from '../postgresql/access.ts'
import { connect as connectPostgresql } from '../postgresql/connect.ts'
import { isPostgresql } from './server.ts'

/** Users that are logged in, each named once, without those of the service and whoever asks. */
const sessions = {
  // A session of the server itself has no user, or no database.
  postgresql:
    "SELECT DISTINCT usename || ' in ' || datname AS who FROM pg_catalog.pg_stat_activity " +
    "WHERE usename NOT IN ('rdsadmin', 'azuresu') " +
    'AND datname IS NOT NULL AND pid <> pg_catalog.pg_backend_pid() ORDER BY who',
  // Without the right PROCESS only those of the same user are shown.
  mysql:
    "SELECT DISTINCT CONCAT(USER, ' in ', COALESCE(DB, '(no database)')) AS who FROM information_schema.PROCESSLIST " +
    "WHERE USER NOT IN ('rdsadmin', 'azure_superuser', 'system user', 'event_scheduler') " +
    'AND ID <> CONNECTION_ID() ORDER BY who',
}

/** Logs in to each storage as the release will: passwords and networks are those of the restore point. */
export async function checkLogins(
  settings: readonly StorageSettings[],
  { title, noun, name }: { title: string; noun: string; name: string },
): Promise<Finding[]> {
  const check = { check: `login to the restored ${noun}`, subject: title }
  return await Promise.all(
    settings.map(async (one) => {
      try {
        await loggedInAt(one)
        return { ...check, outcome: 'ok' as const, message: name }
      } catch (error) {
        return findingOf(check.check, title, error)
      }
    }),
  )
}

/**
 * Who is logged in at the server of a storage, asked as the release would ask.
 * @throws Failure with the cure that fits where nobody can log in
 */
export async function loggedInAt(settings: StorageSettings): Promise<string[]> {
  if (isPostgresql(settings)) {
    const { client } = await connectPostgresql(postgresqlAccessOf([settings]))
    try {
      const { rows } = await client.query<{ who: string }>(sessions.postgresql)
      return rows.map(({ who }) => who)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  const { session } = await connectMysql(mysqlAccessOf([settings]))
  try {
    return (await session.query<{ who: string }>(sessions.mysql)).map(({ who }) => who)
  } finally {
    await session.end().catch(() => undefined)
  }
}
