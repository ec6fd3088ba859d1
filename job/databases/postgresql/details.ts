import * as z from 'zod'
import type { DatabaseBackup } from '../../../operation/record.ts'
import { parseDetails } from '../parse-details.ts'

/** What a dump of schemas does not hold of its database, and a restore into a fresh server needs. */
export const environmentSchema = z.object({
  /** server_version_num: 150018 */
  serverVersion: z.int(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  /** c libc, i ICU, b built in */
  localeProvider: z.string(),
  /** of ICU or the built-in provider */
  locale: z.string().nullable(),
  icuRules: z.string().nullable(),
  owner: z.string(),
  /** -1: none */
  connectionLimit: z.int(),
  /** null: PostgreSQL's defaults; an empty grantee is PUBLIC */
  privileges: z.array(z.object({ grantee: z.string(), privilege: z.string(), grantable: z.boolean() })).nullable(),
  /** ALTER DATABASE … SET, and ALTER ROLE … IN DATABASE … SET where a role is named; each `name=value` */
  settings: z.array(z.object({ role: z.string().nullable(), values: z.array(z.string()) })),
  comment: z.string().nullable(),
  extensions: z.array(z.string()),
})
export type Environment = z.infer<typeof environmentSchema>

const extensionSchema = z.object({
  name: z.string(),
  version: z.string(),
  schema: z.string(),
  /** whether something in the dump is built on it */
  needed: z.boolean(),
})
export type Extension = z.infer<typeof extensionSchema>

/** The details of a PostgreSQL backup's record. */
const detailsSchema = environmentSchema.extend({
  version: z.literal(1),
  database: z.string(),
  schemas: z.array(z.object({ name: z.string(), owner: z.string() })),
  /** roles that own something in the dump, and roles that were granted something of it */
  owners: z.array(z.string()),
  grantees: z.array(z.string()),
  /** the extensions that the dump creates; absent in records of 0.1, whose dumps create none */
  dumpedExtensions: z.array(extensionSchema).optional(),
  /** collations of pg_catalog that columns name */
  collations: z.array(z.string()).optional(),
  /** what the database had beside its schemas, and the dump has not; for people */
  outsideSchemas: z.array(z.string()).optional(),
  /** major version of the pg_dump that wrote it */
  toolMajor: z.int(),
  compression: z.string(),
  /** size of the tables in the database, bytes */
  tableBytes: z.int(),
  /** with their indexes, bytes */
  totalBytes: z.int().optional(),
  manifestSha256: z.string(),
})
export type Details = z.infer<typeof detailsSchema>

/** @throws Failure where the record's entry is of a newer version, or damaged */
export function readDetails(entry: DatabaseBackup): Details {
  return parseDetails(detailsSchema, entry)
}
