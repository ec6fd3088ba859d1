import {
  compareFields,
  roleFields,
  tagFields,
  type Difference,
  type Fields,
} from '../aws-relational/restore/compare.ts'
import type { ClusterSettings, MemberSettings } from './settings.ts'

/**
 * The settings of two clusters and their instances, field by field.
 * @param madeName what an instance of that name is called in the restored cluster
 */
export function compareSettings(
  expected: ClusterSettings,
  found: ClusterSettings,
  madeName: (name: string) => string,
): Difference[] {
  return [
    ...compareFields(fields(expected), fields(found)),
    ...expected.members.flatMap((member) => {
      const made = madeName(member.name)
      const other = found.members.find(({ name }) => name === made)
      if (other === undefined) return [{ text: `instance ${made} is not there`, harms: true }]
      return compareFields(memberFields(member), memberFields(other)).map(({ text, harms }) => ({
        text: `instance ${made}: ${text}`,
        harms,
      }))
    }),
  ]
}

function fields({ restored, modified, inherited, tags, roles }: ClusterSettings): Fields {
  return { ...restored, ...modified, ...inherited, ...tagFields(tags), ...roleFields(roles) }
}

function memberFields({ created, tags, roles }: MemberSettings): Fields {
  return { ...created, ...tagFields(tags), ...roleFields(roles) }
}
