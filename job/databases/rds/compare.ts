import {
  compareFields,
  roleFields,
  tagFields,
  type Difference,
  type Fields,
} from '../aws-relational/restore/compare.ts'
import type { InstanceSettings } from './settings.ts'

/** The settings of two instances, field by field, but for those that no restore brings back. */
export function compareSettings(expected: InstanceSettings, found: InstanceSettings): Difference[] {
  // Storage grows by itself, and never shrinks.
  const size = Math.max(expected.inherited.AllocatedStorage ?? 0, found.inherited.AllocatedStorage ?? 0)
  const before = fields(expected)
  const grown = before['AllocatedStorage'] === undefined ? {} : { AllocatedStorage: size }
  return compareFields({ ...before, ...grown }, fields(found))
}

function fields({ restored, modified, inherited, tags, roles }: InstanceSettings): Fields {
  return { ...restored, ...modified, ...inherited, ...tagFields(tags), ...roleFields(roles) }
}
