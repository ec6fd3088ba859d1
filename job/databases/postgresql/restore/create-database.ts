import { escapeIdentifier, escapeLiteral, type Client } from 'pg'
import type { Details } from '../details.ts'
import { endSessions } from './catalog.ts'

/** Creates an empty database like the recorded one, under another name. */
export async function createDatabase(client: Client, name: string, details: Details, owner: string): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  )
  const options = [
    // template0 is the only one that takes any encoding and locale.
    'TEMPLATE template0',
    `OWNER ${escapeIdentifier(owner)}`,
    `ENCODING ${escapeLiteral(details.encoding)}`,
    `LC_COLLATE ${escapeLiteral(details.collate)}`,
    `LC_CTYPE ${escapeLiteral(details.ctype)}`,
    ...providerOptions(details, rows[0]?.version ?? 0),
  ]
  await client.query(`CREATE DATABASE ${escapeIdentifier(name)} ${options.join(' ')}`)
}

/** Locale providers came with PostgreSQL 15 (ICU), 16 (its rules) and 17 (built in). */
function providerOptions(details: Details, version: number): string[] {
  if (version < 150_000) return []
  const { localeProvider, locale, icuRules } = details
  if (localeProvider === 'i') {
    return [
      'LOCALE_PROVIDER icu',
      `ICU_LOCALE ${escapeLiteral(locale ?? 'und')}`,
      ...(icuRules === null ? [] : [`ICU_RULES ${escapeLiteral(icuRules)}`]),
    ]
  }
  if (localeProvider === 'b') return ['LOCALE_PROVIDER builtin', `BUILTIN_LOCALE ${escapeLiteral(locale ?? 'C')}`]
  return ['LOCALE_PROVIDER libc']
}

/**
 * Removes a database and ends the sessions in it; fine where there is none. DROP DATABASE waits up to 5 s for those
 * that are still there (CountOtherDBBackends).
 */
export async function dropDatabase(client: Client, name: string): Promise<void> {
  await endSessions(client, [name])
  await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)}`)
}

/**
 * Gives a database the settings, limits and privileges recorded of another. What this user may not set, and roles that
 * this server does not have, are left out.
 * @returns what was left out, for people
 */
export async function applyEnvironment(client: Client, name: string, details: Details): Promise<string[]> {
  const database = escapeIdentifier(name)
  const leftOut: string[] = []
  for (const { role, values } of details.settings) {
    for (const value of values) {
      const at = value.indexOf('=')
      const setting = value.slice(0, at)
      const whose = role === null ? `DATABASE ${database}` : `ROLE ${escapeIdentifier(role)} IN DATABASE ${database}`
      await transaction(client, async () => {
        if (!(await anybodyMaySet(client, setting)))
          throw new Error('the rights of who restores are not lent to a record')
        // FROM CURRENT takes the value over as it is, lists and quotes included.
        await client.query('SELECT set_config($1, $2, true)', [setting, value.slice(at + 1)])
        await client.query(`ALTER ${whose} SET ${setting.split('.').map(escapeIdentifier).join('.')} FROM CURRENT`)
      }).catch(() => leftOut.push(`${role === null ? '' : `of role ${role} `}${value}`))
    }
  }
  if (details.connectionLimit >= 0)
    await client.query(`ALTER DATABASE ${database} CONNECTION LIMIT ${details.connectionLimit}`)
  if (details.privileges === null) return leftOut
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`)
  for (const { grantee, privilege, grantable } of details.privileges) {
    const to = grantee === '' ? 'PUBLIC' : escapeIdentifier(grantee)
    // The keyword, not a quoted name: only PostgreSQL's own spellings are let through.
    if (!/^(CREATE|CONNECT|TEMPORARY)$/.test(privilege)) continue
    await client
      .query(`GRANT ${privilege} ON DATABASE ${database} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''}`)
      .catch(() => leftOut.push(`${privilege} on the database for ${grantee === '' ? 'PUBLIC' : grantee}`))
  }
  return leftOut
}

/** Whether a setting is one that every user may change: others decide what the server loads, or what it logs. */
async function anybodyMaySet(client: Client, setting: string): Promise<boolean> {
  const { rows } = await client.query<{ context: string }>(
    'SELECT context FROM pg_settings WHERE lower(name) = lower($1)',
    [setting],
  )
  return rows.every(({ context }) => context === 'user')
}

/** Several statements, all or none. */
export async function transaction(client: Client, run: () => Promise<void>): Promise<void> {
  await client.query('BEGIN')
  try {
    await run()
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
