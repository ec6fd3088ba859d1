import { isDeepStrictEqual } from 'node:util'
import type { Tag } from '../relational-kind.ts'
import { withoutRestoreTag } from './ownership.ts'

/** A setting that is another in what was restored. */
export interface Difference {
  /** for people: which setting, what it was and what it is */
  text: string
  /** the releases cannot work with it, or not safely */
  harms: boolean
}

/** Settings by their names. */
export type Fields = Readonly<Record<string, unknown>>

/** What decides whether the releases reach it as before, and nobody else does. */
const harming = new Set([
  'Engine',
  'Port',
  'DBSubnetGroupName',
  'DBClusterParameterGroupName',
  'DBParameterGroupName',
  'OptionGroupName',
  'VpcSecurityGroupIds',
  'PubliclyAccessible',
  'EnableIAMDatabaseAuthentication',
  'StorageEncrypted',
  'KmsKeyId',
])

/** What differs, field by field. */
export function compareFields(before: Fields, now: Fields): Difference[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => !isDeepStrictEqual(before[name], now[name]))
    .map((name) => ({
      text: `${name} was ${told(before[name])}, and is ${told(now[name])}`,
      harms: harming.has(name),
    }))
}

/** Tags as fields, but for that of a restore. */
export function tagFields(tags: readonly Tag[]): Fields {
  return Object.fromEntries(withoutRestoreTag(tags).map(({ Key, Value }) => [`tag ${Key}`, Value]))
}

/** Roles as fields. */
export function roleFields(roles: readonly { RoleArn: string; FeatureName?: string | undefined }[]): Fields {
  return Object.fromEntries(roles.map(({ RoleArn, FeatureName = '' }) => [`role ${RoleArn}`, FeatureName]))
}

function told(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value)
}
