import { escapeLiteral, type Client } from 'pg'
import { messageOf } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { Details, Extension } from '../details.ts'
import { transaction } from './create-database.ts'

/** Which recorded extensions a restore creates on this server, and which it leaves out. */
export interface ExtensionPlan {
  leftOut: Extension[]
  findings: Finding[]
}

/**
 * Looks which of a dump's extensions this server has, and whether this user may create them: trusted ones whoever may
 * create in the database, others a superuser alone (CREATE EXTENSION) or whom a managed service lets. What nothing in
 * the dump is built on is left out where it cannot be created.
 */
export async function planExtensions(client: Client, title: string, details: Details): Promise<ExtensionPlan> {
  const extensions = details.dumpedExtensions ?? []
  if (extensions.length === 0) return { leftOut: [], findings: [] }
  const { rows } = await client.query<{ name: string; creatable: boolean }>(
    `SELECT v.name, bool_or(NOT v.superuser OR v.trusted
       OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)) AS creatable
     FROM pg_available_extension_versions v WHERE v.name = ANY($1) GROUP BY v.name`,
    [extensions.map(({ name }) => name)],
  )
  const available = new Map(rows.map(({ name, creatable }) => [name, creatable]))
  const check = { check: 'extensions', subject: title }
  const named = (some: readonly Extension[]) => some.map(({ name, version }) => `${name} ${version}`).join(', ')
  const missing = extensions.filter(({ name, needed }) => needed && !available.has(name))
  const untrusted = extensions.filter(({ name, needed }) => needed && available.get(name) === false)
  const leftOut = extensions.filter(({ name, needed }) => !needed && available.get(name) !== true)
  const findings: Finding[] = []
  if (missing.length > 0)
    findings.push({
      ...check,
      outcome: 'error',
      message: `the backup is built on ${named(missing)}, which this server does not have`,
      cure: 'install them on the server (CREATE EXTENSION is done by the restore)',
    })
  if (untrusted.length > 0)
    findings.push({
      ...check,
      outcome: 'warning',
      message:
        `the backup is built on ${named(untrusted)}, which PostgreSQL lets only a superuser create; ` +
        'loading fails unless this service lets the user',
      cure: 'give a Secret of a superuser by --database-secret',
    })
  if (leftOut.length > 0)
    findings.push({
      ...check,
      outcome: 'warning',
      message:
        `the restored database will be without ${named(leftOut)}, which this user cannot create here; ` +
        'nothing in the backup is built on them',
      cure: 'CREATE EXTENSION after the restore where they are needed',
    })
  if (findings.length === 0)
    findings.push({ ...check, outcome: 'ok', message: `will be created: ${named(extensions)}` })
  return { leftOut, findings }
}

/** Whether this server has the locale of the database and the collations that columns name. */
export async function checkCollations(client: Client, title: string, details: Details): Promise<Finding> {
  const wanted = details.collations ?? []
  const { rows } = await client.query<{ name: string }>(
    `SELECT collname AS name FROM pg_collation WHERE collnamespace = 'pg_catalog'::regnamespace AND collname = ANY($1)`,
    [wanted],
  )
  const missing = wanted.filter((name) => !rows.some((row) => row.name === name))
  const check = { check: 'collations', subject: title }
  const cure = "install the locale on the server, then SELECT pg_import_system_collations('pg_catalog')"
  if (missing.length > 0)
    return { ...check, outcome: 'error', message: `this server does not have ${missing.join(', ')}`, cure }
  const problem = await tryLocale(client, details)
  if (problem !== undefined) return { ...check, outcome: 'error', message: problem, cure }
  return { ...check, outcome: 'ok', message: `this server has ${[details.collate, ...wanted].join(', ')}` }
}

/**
 * Makes a collation of the database's locale and takes it back: CREATE DATABASE would look for that in the same way. A
 * user who may not, and locales of other encodings, cannot be asked for.
 * @returns why there is none, undefined where there is or nobody knows
 */
async function tryLocale(client: Client, { collate, ctype }: Details): Promise<string | undefined> {
  const found = new Error('the locale is there')
  try {
    await transaction(client, async () => {
      await client.query(
        `CREATE COLLATION pg_temp.probe (LC_COLLATE = ${escapeLiteral(collate)}, LC_CTYPE = ${escapeLiteral(ctype)})`,
      )
      throw found
    })
  } catch (error) {
    const text = messageOf(error)
    return /could not create locale/.test(text) ? text : undefined
  }
  return undefined
}
