import type { Client } from 'pg'
import { messageOf } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import { findingOf } from '../../errors.ts'
import type { Access } from '../access.ts'
import { connect, isStandby } from '../connect.ts'
import { readOutsideSchemas, usesOfOtherSchemas } from './dependencies.ts'
import { tryDump } from './dump.ts'
import { readRoles } from './environment.ts'
import type { Scope } from './scope.ts'
import { unreadableSequences, type Table } from '../tables.ts'
import { toolMajor, type Tool } from '../tools.ts'

/** The client tool is there and not older than what it has to understand. */
export async function checkTool(
  tool: Tool,
  title: string,
  needed: number,
  why: string,
  signal: AbortSignal,
): Promise<Finding> {
  const check = { check: tool, subject: title }
  try {
    const major = await toolMajor(tool, signal)
    if (major >= needed) return { ...check, outcome: 'ok', message: `version ${major}, ${why} ${needed}` }
    return {
      ...check,
      outcome: 'error',
      message: `version ${major} is older than ${why} ${needed}`,
      cure: `use a worker image with ${tool} ${needed} or newer by --image`,
    }
  } catch (error) {
    return findingOf(check.check, title, error)
  }
}

/** The rights, and what a backup of these schemas leaves out. */
export async function checkScope(
  client: Client,
  title: string,
  scope: Scope,
  tables: readonly Table[],
): Promise<Finding[]> {
  const obstacles = [
    ...tables.flatMap((table) =>
      table.obstacle === undefined ? [] : [`${table.schema}.${table.name} (${table.obstacle})`],
    ),
    ...(await unreadableSequences(client, scope.schemas)).map((name) => `${name} (no right to read it)`),
  ]
  const findings: Finding[] = [
    obstacles.length === 0
      ? {
          check: 'tables',
          subject: title,
          outcome: 'ok',
          message: `${tables.length} tables in ${scope.schemas.join(', ')}, all readable`,
        }
      : {
          check: 'tables',
          subject: title,
          outcome: 'error',
          message: `cannot dump ${obstacles.join(', ')}`,
          cure:
            'GRANT USAGE on the schema and SELECT on the table to the user, ' +
            'or give a Secret of another user by --database-secret',
        },
  ]
  if (scope.beside.length > 0) {
    findings.push({
      check: 'other schemas',
      subject: title,
      outcome: 'warning',
      message:
        `not in the backup, since ScalarDB does not tell of them: ${scope.beside.join(', ')}; ` +
        'a restore into this database would refuse while they are there',
      cure: `add ${scope.beside.map((schema) => `--schema ${schema}`).join(' ')} if they belong to the application`,
    })
  }
  if (scope.absent.length > 0) {
    findings.push({
      check: 'schemas',
      subject: title,
      outcome: 'warning',
      message: `ScalarDB tells of ${scope.absent.join(', ')}, which this database does not have`,
      cure: 'nothing, if they were dropped or live in another storage',
    })
  }
  return findings
}

/**
 * What a restore of these schemas would lack: named before anything is paused, and refused where nothing could be
 * restored without.
 */
export async function checkCompleteness(client: Client, title: string, scope: Scope): Promise<Finding[]> {
  const elsewhere = await usesOfOtherSchemas(client, scope.schemas)
  const outside = await readOutsideSchemas(client, scope.schemas)
  const { owners, grantees } = await readRoles(client, scope.schemas)
  const roles = [...new Set([...owners, ...grantees])]
  return [
    ...(elsewhere.length === 0
      ? []
      : [
          {
            check: 'other schemas',
            subject: title,
            outcome: 'error' as const,
            message:
              'what the backup would hold is built on what it would not, and could not be restored: ' +
              `${elsewhere.join(', ')}`,
            cure: 'add those schemas by --schema',
          },
        ]),
    ...(outside.length === 0
      ? []
      : [
          {
            check: 'beside the schemas',
            subject: title,
            outcome: 'warning' as const,
            message: `not in the backup: ${outside.join(', ')}`,
            cure: 'nothing, if they are not needed; else keep a way to make them again, and do so after a restore',
          },
        ]),
    {
      check: 'roles',
      subject: title,
      outcome: 'ok',
      message: `not in the backup, which names them; a server to restore into needs ${roles.join(', ')}`,
    },
  ]
}

/** pg_dump does all but copy rows: what only it would meet is known before anything is paused. */
export async function checkDump(
  access: Access,
  title: string,
  choice: Parameters<typeof tryDump>[2],
  signal: AbortSignal,
): Promise<Finding> {
  try {
    await tryDump(access, title, choice, signal)
    return { check: 'dump', subject: title, outcome: 'ok', message: 'pg_dump connects and reads every definition' }
  } catch (error) {
    return findingOf('dump', title, error)
  }
}

/**
 * A snapshot can be exported by one session and used by another: not so on a standby, through a load balancer, or
 * through most poolers. A pooler shows in that it tells another process id than the server itself.
 */
export async function checkSnapshots(client: Client, access: Access, title: string): Promise<Finding[]> {
  if (await isStandby(client)) {
    return [
      {
        check: 'server',
        subject: title,
        outcome: 'error',
        message: 'it is a standby, which lags behind what the release has written',
        cure: 'use the address of the primary',
      },
    ]
  }
  try {
    await trySnapshot(client, access)
  } catch (error) {
    return [
      {
        check: 'snapshots',
        subject: title,
        outcome: 'error',
        message: `one session cannot use a snapshot of another: ${messageOf(error)}`,
        cure: 'use the address of the server itself, not of a connection pooler or load balancer',
      },
    ]
  }
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  if ('processID' in client && client.processID !== rows[0]?.pid) {
    return [
      {
        check: 'snapshots',
        subject: title,
        outcome: 'warning',
        message: 'the connection goes through a pooler',
        cure: 'use the address of the server itself where there is one; a pooler in transaction mode breaks dumps',
      },
    ]
  }
  return [
    { check: 'snapshots', subject: title, outcome: 'ok', message: 'a snapshot of one session can be used by others' },
  ]
}

async function trySnapshot(client: Client, access: Access): Promise<void> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  try {
    const { rows } = await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id')
    const other = await connect(access)
    try {
      await other.client.query(useSnapshot(rows[0]?.id ?? ''))
    } finally {
      await other.client.end()
    }
  } finally {
    await client.query('ROLLBACK')
  }
}

/** The statements with which a session looks at an exported snapshot. */
export function useSnapshot(id: string): string {
  return `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '${id.replaceAll("'", '')}'`
}
