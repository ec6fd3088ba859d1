/** A value as the query protocol's forms and answers have it. */
export type Value = undefined | string | number | boolean | Date | readonly Value[] | { readonly [name: string]: Value }

/** What a form's parameter is: text, a list, or more parameters. */
export type Parameter = string | Parameter[] | { [name: string]: Parameter }
export type Parameters = { [name: string]: Parameter }

/** Names of the members of lists, where they are not `member` (RDS: API reference, examples of answers). */
const members: Record<string, string> = {
  DBInstances: 'DBInstance',
  DBInstanceAutomatedBackups: 'DBInstanceAutomatedBackup',
  DBSnapshots: 'DBSnapshot',
  DBClusters: 'DBCluster',
  DBClusterMembers: 'DBClusterMember',
  DBClusterAutomatedBackups: 'DBClusterAutomatedBackup',
  DBClusterSnapshots: 'DBClusterSnapshot',
  DBClusterParameterGroups: 'DBClusterParameterGroup',
  'DBCluster.AssociatedRoles': 'DBClusterRole',
  VpcSecurityGroups: 'VpcSecurityGroupMembership',
  DBParameterGroups: 'DBParameterGroup',
  DBSubnetGroups: 'DBSubnetGroup',
  OptionGroupsList: 'OptionGroup',
  AccountQuotas: 'AccountQuota',
  OptionGroupMemberships: 'OptionGroupMembership',
  TagList: 'Tag',
  ProcessorFeatures: 'ProcessorFeature',
  AssociatedRoles: 'DBInstanceRole',
  ReadReplicaDBInstanceIdentifiers: 'ReadReplicaDBInstanceIdentifier',
}

/**
 * The parameters of a form, `Tags.Tag.1.Key=team` being `{Tags: [{Key: 'team'}]}` (AWS query protocol: serialization of
 * lists and structures).
 */
export function parametersOf(form: URLSearchParams): Parameters {
  const root: Parameters = {}
  for (const [path, value] of form) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    let at = root
    for (const name of names) {
      const next = at[name]
      at = typeof next === 'object' && !Array.isArray(next) ? next : ((at[name] = {}) as Parameters)
    }
    at[last] = value
  }
  return Object.fromEntries(Object.entries(root).map(([name, value]) => [name, folded(value)]))
}

function folded(value: Parameter): Parameter {
  if (typeof value === 'string' || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([name, inner]) => [name, folded(inner)] as const)
  if (entries.every(([name]) => /^\d+$/.test(name)))
    return entries.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, inner]) => inner)
  const [only] = entries
  // Lists are below the name of their members.
  return entries.length === 1 && only !== undefined && Array.isArray(only[1]) ? only[1] : Object.fromEntries(entries)
}

/** A value as XML, without what is undefined. @param parent what it is below */
export function xmlOf(name: string, value: Value, parent = ''): string {
  if (value === undefined) return ''
  if (Array.isArray(value))
    return `<${name}>${value.map((one: Value) => xmlOf(memberOf(name, parent), one)).join('')}</${name}>`
  if (value instanceof Date) return `<${name}>${value.toISOString()}</${name}>`
  if (typeof value === 'object')
    return `<${name}>${Object.entries(value)
      .map(([inner, one]) => xmlOf(inner, one as Value, name))
      .join('')}</${name}>`
  return `<${name}>${escaped(String(value))}</${name}>`
}

function memberOf(list: string, parent: string): string {
  return members[`${parent}.${list}`] ?? members[list] ?? 'member'
}

function escaped(text: string): string {
  return text.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`)
}
