import { formatBytes } from '../../../storage/bytes.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { Names } from '../../dump/names.ts'
import { foreignKeysOf, triggersOf } from '../backup/preflight.ts'
import { isReplica } from '../connect.ts'
import type { Details } from '../details.ts'
import { readRights } from '../rights.ts'
import { lowerCaseTableNames, nameOf, readServer } from '../server.ts'
import type { Session } from '../session.ts'

/** What creating, loading and renaming tables takes (MySQL manual, RENAME TABLE: ALTER and DROP, CREATE and INSERT). */
const loading = ['CREATE', 'DROP', 'ALTER', 'INSERT', 'SELECT'] as const

/** The server is of the same product, no older than the one that was backed up, and knows its collations. */
export async function checkServer(session: Session, title: string, details: Details): Promise<Finding[]> {
  const server = await readServer(session)
  const check = { check: 'server', subject: title }
  const recorded = nameOf({ ...details, version: details.serverVersion })
  const older = server.major < details.major || (server.major === details.major && server.minor < details.minor)
  if (server.stranger !== undefined || server.product !== details.product || older) {
    return [
      {
        ...check,
        outcome: 'error',
        message: `it is ${server.stranger ?? nameOf(server)}, the backup is of ${recorded}`,
        cure: `restore into a server of ${recorded} or newer`,
      },
    ]
  }
  if (await isReplica(session)) {
    return [{ ...check, outcome: 'error', message: 'it takes reads only', cure: 'use the address of the primary' }]
  }
  const folded = await lowerCaseTableNames(session)
  const lost = details.schemas.filter(({ name }) => folded === 1 && name !== name.toLowerCase())
  if (lost.length > 0) {
    return [
      {
        ...check,
        outcome: 'error',
        message: `it keeps names in lower case, and the backup has ${lost.map(({ name }) => name).join(', ')}`,
        cure: 'restore into a server whose lower_case_table_names is 0',
      },
    ]
  }
  const known = await session.query<{ name: string }>(
    'SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS WHERE COLLATION_NAME IS NOT NULL',
  )
  const names = new Set(known.map(({ name }) => name))
  const missing = details.collations.filter((name) => !names.has(name) && !names.has(name.replace(/^[^_]+_/, '')))
  const [limits] = await session.query<{ bytes: number }>('SELECT @@global.max_allowed_packet AS bytes')
  const allowed = limits?.bytes ?? 0
  return [
    missing.length === 0
      ? { ...check, outcome: 'ok', message: `${nameOf(server)}, the backup is of ${recorded}` }
      : {
          ...check,
          outcome: 'error',
          message: `it does not know the collations ${missing.join(', ')}`,
          cure: `restore into a server of ${recorded} or newer`,
        },
    ...(details.longestStatement < allowed
      ? []
      : [
          {
            ...check,
            outcome: 'error' as const,
            message:
              `its max_allowed_packet is ${formatBytes(allowed)}, ` +
              `the longest statement of the backup has ${formatBytes(details.longestStatement)}`,
            cure: `SET GLOBAL max_allowed_packet to more than ${details.longestStatement}`,
          },
        ]),
  ]
}

/** The rights on some schemas of a restore. */
export async function checkRights(
  session: Session,
  title: string,
  names: readonly Names[],
  places: readonly (keyof Names)[],
  privileges: readonly string[] = loading,
): Promise<Finding> {
  const rights = await readRights(session)
  const missing = new Map<string, string[]>()
  for (const one of names) {
    for (const place of places) {
      const lacking = privileges.filter((privilege) => !rights.has(privilege, one[place]))
      if (lacking.length > 0) missing.set(one[place], lacking)
    }
  }
  const check = { check: 'rights', subject: title }
  const told = [...missing].map(([schema, lacking]) => `${lacking.join(', ')} on \`${schema}\`.*`)
  if (missing.size === 0) return { ...check, outcome: 'ok', message: 'may create, load, rename and drop tables' }
  return {
    ...check,
    outcome: 'error',
    message: `the user has not ${told.join('; ')}`,
    cure: 'give a Secret of a user that has these on all schemas by --database-secret',
  }
}

/** Whether this user can move tables out of some places: the rights, and what RENAME TABLE refuses. */
export async function checkMoves(
  session: Session,
  title: string,
  names: readonly Names[],
  places: readonly (keyof Names)[],
): Promise<Finding[]> {
  const schemas = names.flatMap((one) => places.map((place) => one[place]))
  const obstacles = [...(await triggersOf(session, schemas)), ...(await foreignKeysOf(session, schemas))]
  return [
    await checkRights(session, title, names, ['live', 'restored', 'before']),
    ...(obstacles.length === 0
      ? []
      : [
          {
            check: 'tables in service',
            subject: title,
            outcome: 'error' as const,
            message:
              'these keep tables from being renamed, or would go out of service with them: ' + obstacles.join(', '),
            cure: 'drop each first; make it again after the restore where it is needed',
          },
        ]),
  ]
}
