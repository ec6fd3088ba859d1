import type { Session } from './session.ts'

/** What one line of SHOW GRANTS gives or, with MySQL's partial revokes, takes back. */
interface Grant {
  revokes: boolean
  privileges: string[]
  /** a pattern of LIKE for the schema; undefined for all */
  schema: string | undefined
  /** undefined for all tables of the schema */
  table: string | undefined
}

/** The rights of the current user, those of its active roles included. */
export interface Rights {
  /** whether the user has a privilege on a whole schema, or on one table of it */
  has(privilege: string, schema: string, table?: string): boolean
}

/** Reads what SHOW GRANTS tells, on any server. */
export async function readRights(session: Session): Promise<Rights> {
  const lines = await session.query<Record<string, string>>('SHOW GRANTS')
  return rightsOf(lines.flatMap((line) => Object.values(line)))
}

/** The rights that lines of SHOW GRANTS tell of. */
export function rightsOf(lines: readonly string[]): Rights {
  const grants = lines.flatMap((line) => parseGrant(line) ?? [])
  const covers = (grant: Grant, privilege: string, schema: string, table: string | undefined) =>
    (grant.privileges.includes(privilege) || grant.privileges.includes('ALL PRIVILEGES')) &&
    (grant.schema === undefined || isLike(schema, grant.schema)) &&
    (grant.table === undefined || grant.table === table)
  return {
    has: (privilege, schema, table) => {
      const fitting = grants.filter((grant) => covers(grant, privilege, schema, table))
      return (
        fitting.some(({ revokes, schema: pattern }) => !revokes && pattern !== undefined) ||
        (fitting.some(({ revokes }) => !revokes) && !fitting.some(({ revokes }) => revokes))
      )
    },
  }
}

/** GRANT SELECT, INSERT (`a`) ON `db`.* TO …; a role, a proxy and a routine give no right to a table. */
function parseGrant(line: string): Grant | undefined {
  const match = /^(GRANT|REVOKE) (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)*`)\.(\*|`(?:[^`]|``)*`) (?:TO|FROM) /.exec(line)
  if (match === null) return undefined
  const [, verb, privileges = '', schema = '', table = ''] = match
  return {
    revokes: verb === 'REVOKE',
    // A privilege on single columns is none on the table.
    privileges: privileges
      .replace(/[A-Z ]+ \([^)]*\)/g, '')
      .split(',')
      .map((one) => one.trim()),
    schema: schema === '*' ? undefined : bare(schema),
    table: table === '*' ? undefined : bare(table),
  }
}

function bare(quoted: string): string {
  return quoted.slice(1, -1).replaceAll('``', '`')
}

/** LIKE of SQL: % and _ stand for others unless a backslash is before them. */
function isLike(name: string, pattern: string): boolean {
  const source = pattern.replace(/\\?./gs, (part) => {
    if (part === '%') return '.*'
    if (part === '_') return '.'
    return part.slice(-1).replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
  })
  return new RegExp(`^${source}$`, 's').test(name)
}
