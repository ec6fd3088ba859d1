import type { Session } from './session.ts'

/** Which server it is. */
export interface Server {
  product: 'MySQL' | 'MariaDB'
  /** as it says itself */
  version: string
  major: number
  minor: number
}

/** Asks a server what it is. TiDB and others that speak MySQL's protocol say so in their version. */
export async function readServer(session: Session): Promise<Server & { stranger: string | undefined }> {
  const [row] = await session.query<{ version: string; comment: string }>(
    'SELECT version() AS version, @@version_comment AS comment',
  )
  const { version, comment } = row ?? { version: '', comment: '' }
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? []
  const told = `${version} ${comment}`
  return {
    product: /mariadb/i.test(told) ? 'MariaDB' : 'MySQL',
    version,
    major: Number(major),
    minor: Number(minor),
    stranger: /tidb|vitess|singlestore|oceanbase/i.exec(told)?.[0],
  }
}

/**
 * How a server keeps and compares names of schemas and tables: 0 as given, 1 in lower case, 2 kept as given and
 * compared in lower case (MySQL manual, lower_case_table_names).
 */
export async function lowerCaseTableNames(session: Session): Promise<number> {
  const [row] = await session.query<{ folded: number }>('SELECT @@lower_case_table_names AS folded')
  return row?.folded ?? 0
}

/** For people: MariaDB 11.8 */
export function nameOf({ product, major, minor }: Server): string {
  return `${product} ${major}.${minor}`
}
