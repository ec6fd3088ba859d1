import { isDeepStrictEqual } from 'node:util'
import type { InstanceSettings } from '../instances/settings.ts'
import { restoreTag } from './restore-instance.ts'

/** A setting that is another in the restored instance. */
export interface Difference {
  /** for people: which setting, what it was and what it is */
  text: string
  /** the releases cannot work with it, or not safely */
  harms: boolean
}

/** What decides whether the releases reach it as before, and nobody else does. */
const harming = new Set([
  'Engine',
  'Port',
  'DBSubnetGroupName',
  'DBParameterGroupName',
  'OptionGroupName',
  'VpcSecurityGroupIds',
  'PubliclyAccessible',
  'EnableIAMDatabaseAuthentication',
  'StorageEncrypted',
  'KmsKeyId',
])

/** The settings of two instances, field by field, but for those that no restore brings back. */
export function compareSettings(expected: InstanceSettings, found: InstanceSettings): Difference[] {
  const [before, now] = [fields(expected), fields(found)]
  // Storage grows by itself, and never shrinks.
  const hasGrown = (found.inherited.AllocatedStorage ?? 0) >= (expected.inherited.AllocatedStorage ?? 0)
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => !isDeepStrictEqual(before[name], now[name]) && !(name === 'AllocatedStorage' && hasGrown))
    .map((name) => ({
      text: `${name} was ${told(before[name])}, and is ${told(now[name])}`,
      harms: harming.has(name),
    }))
}

function fields({ restored, modified, inherited, tags, roles }: InstanceSettings): Record<string, unknown> {
  const known = tags.filter(({ Key }) => Key !== restoreTag)
  return {
    ...restored,
    ...modified,
    ...inherited,
    ...Object.fromEntries(known.map(({ Key, Value }) => [`tag ${Key}`, Value])),
    ...Object.fromEntries(roles.map(({ RoleArn, FeatureName }) => [`role ${RoleArn}`, FeatureName])),
  }
}

function told(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value)
}
