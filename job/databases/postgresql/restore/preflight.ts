import type { Client } from 'pg'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { Access } from '../access.ts'
import type { PostgresqlWorld } from './catalog.ts'
import { connect } from '../connect.ts'
import type { Details } from '../details.ts'
import { findingOf } from '../../errors.ts'
import { readExtensions, readOutsideSchemas } from '../backup/dependencies.ts'
import { schemasOf } from '../backup/scope.ts'

/** The server is no older than the one that was backed up. */
export async function checkServer(client: Client, title: string, details: Details): Promise<Finding> {
  const { rows } = await client.query<{ major: number }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS major`,
  )
  const major = rows[0]?.major ?? 0
  const recorded = Math.floor(details.serverVersion / 10_000)
  const check = { check: 'server', subject: title }
  if (major >= recorded)
    return { ...check, outcome: 'ok', message: `PostgreSQL ${major}, the backup is of ${recorded}` }
  return {
    ...check,
    outcome: 'error',
    message: `PostgreSQL ${major} is older than ${recorded}, which the backup is of`,
    cure: `restore into a server of version ${recorded} or newer`,
  }
}

/**
 * Switching puts the whole database out of service, so all that it holds must be in the backup.
 * @returns a finding per concern; none of the schemas where there is no database yet
 */
export async function checkLive(
  access: Access,
  title: string,
  details: Details,
  { live }: PostgresqlWorld,
): Promise<Finding[]> {
  if (!live.filled)
    return [
      {
        check: 'database in service',
        subject: title,
        outcome: 'ok',
        message: 'there is none yet; the restored one takes the name',
      },
    ]
  try {
    const surplus = await surplusOf(access, details)
    if (surplus.schemas.length > 0) {
      return [
        {
          check: 'other schemas',
          subject: title,
          outcome: 'error',
          message:
            `the database also holds ${surplus.schemas.join(', ')}, which the backup does not: ` +
            'they would go out of service',
          cure: 'move them to a database of their own, or restore a backup that was made with --schema for each',
        },
      ]
    }
    return [
      surplus.outside.length === 0
        ? {
            check: 'other schemas',
            subject: title,
            outcome: 'ok',
            message: 'all that the database holds is in the backup',
          }
        : {
            check: 'beside the schemas',
            subject: title,
            outcome: 'warning',
            message: `the restored database will be without ${surplus.outside.join(', ')}`,
            cure: 'make them again after the restore where they are needed',
          },
    ]
  } catch (error) {
    return [findingOf('database in service', title, error)]
  }
}

/**
 * What the database in service holds and the backup does not: schemas with something in them, and what is in no schema.
 */
export async function surplusOf(access: Access, details: Details): Promise<{ schemas: string[]; outside: string[] }> {
  const { client } = await connect(access)
  try {
    const backedUp = details.schemas.map((schema) => schema.name)
    const schemas = [...(await schemasOf(client))].flatMap(([schema, things]) =>
      things > 0 && !backedUp.includes(schema) ? [schema] : [],
    )
    const dumped = new Set((details.dumpedExtensions ?? []).map((extension) => extension.name))
    const extensions = (await readExtensions(client, [])).filter(({ name }) => !dumped.has(name))
    return {
      schemas,
      outside: [
        ...extensions.map(({ name }) => `extension ${name}`),
        ...(await readOutsideSchemas(client, [...backedUp, ...schemas])),
      ],
    }
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Names that this restore needs and somebody else has taken. */
export function checkNames(title: string, name: string, taken: boolean): Finding[] {
  if (!taken) return []
  const failure = new Failure({
    what: `database ${name}`,
    why: 'the name that the data in service would be kept under is taken',
    next: 'look what it holds, and rename or drop it',
  })
  return [findingOf('names', title, failure)]
}
