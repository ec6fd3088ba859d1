import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../../../azure/resource-manager.ts'
import type { BroughtBack } from './brought-back.ts'
import type { AccountSettings, ContainerSettings, DatabaseSettings, Script, Throughput } from '../details.ts'

/** A setting that is another in the restored account. */
export interface Difference {
  /** for people: which setting, what it was and what it is */
  text: string
  /** ScalarDB cannot work with it, or not safely */
  harms: boolean
}

/** The settings of an account, field by field, but for those that nobody could have put on again. */
export function compareAccounts(expected: AccountSettings, found: AccountSettings): Difference[] {
  const fields = (value: AccountSettings) => ({
    ...flat('', value.properties),
    ...flat('tags', value.tags),
    ...flat('identity', value.identity),
    ...flat('regions', value.regions),
    ...flat('role definition', Object.fromEntries(value.roleDefinitions.map(({ name, ...role }) => [name, role]))),
    ...flat('role assignment', Object.fromEntries(value.roleAssignments.map(({ name, ...role }) => [name, role]))),
  })
  return [
    ...differences(fields(expected), fields(found), (name) => name === 'consistencyPolicy.defaultConsistencyLevel'),
    ...expected.privateEndpoints.map((id) => ({
      text: `private endpoint ${id} leads to the former account: make one that leads to the restored`,
      harms: false,
    })),
  ]
}

/** Whether ScalarDB cannot work with a difference. @param was what was recorded; undefined: nothing */
export type Harm = (name: string, was: Json | undefined) => boolean

/** Of what nobody but the service and this restore has made: it has to be as it was recorded. */
export const unlessAsRecorded: Harm = (name) => essential.test(name) || / stored procedure/.test(name)

/** Of what a schema loader has repaired since: it adds what its version of ScalarDB needs, and makes procedures. */
export const unlessRepaired: Harm = (name, was) => was !== undefined && essential.test(name)

const essential = /^[^ ]+$| (partitionKey|uniqueKeyPolicy|indexingPolicy)/

/** Databases and containers with all that belongs to them, but for expiry, which is held off until then. */
export function compareDatabases(
  { databases, unrecorded }: BroughtBack,
  found: readonly DatabaseSettings[],
  harms: Harm,
): Difference[] {
  const isUnrecorded = (database: string, container: string) => unrecorded.includes(`${database}/${container}`)
  const known = found
    .map((database) => ({
      ...database,
      containers: database.containers.filter(({ name }) => !isUnrecorded(database.name, name)),
    }))
    .filter(
      ({ name, containers }) =>
        containers.length > 0 ||
        databases.some((database) => database.name === name) ||
        !unrecorded.some((title) => title.startsWith(`${name}/`)),
    )
  const fields = (of: readonly DatabaseSettings[]) =>
    Object.assign(
      {},
      ...of.flatMap((database) => [
        { [database.name]: 'there', ...throughputField(database.name, database.throughput) },
        ...database.containers.map((container) => containerFields(database.name, container)),
      ]),
    ) as Record<string, Json>
  return [
    ...differences(fields(databases), fields(known), harms),
    ...unrecorded
      .filter((title) => !hasProcedures(found, title))
      .map((title) => ({
        text:
          `${title} came back without procedures, of which the backup has none: ` +
          "run the schema loader's --repair-all (--schema-loader-image)",
        harms: false,
      })),
  ]
}

function hasProcedures(databases: readonly DatabaseSettings[], title: string): boolean {
  return databases.some(({ name, containers }) =>
    containers.some((one) => `${name}/${one.name}` === title && one.storedProcedures.length > 0),
  )
}

function containerFields(database: string, container: ContainerSettings): Record<string, Json> {
  const title = `${database}/${container.name}`
  const { defaultTtl: _heldOff, ...settings } = container.settings
  const scripts = (kind: string, of: readonly Script[]) =>
    of.map(({ id, ...script }) => [`${title} ${kind} ${id}`, script])
  return {
    [title]: 'there',
    ...Object.fromEntries(Object.entries(flat('', settings)).map(([name, value]) => [`${title} ${name}`, value])),
    ...throughputField(title, container.throughput),
    ...Object.fromEntries(scripts('stored procedure', container.storedProcedures)),
    ...Object.fromEntries(scripts('trigger', container.triggers)),
    ...Object.fromEntries(scripts('function', container.userDefinedFunctions)),
  }
}

function throughputField(title: string, throughput: Throughput | undefined): Record<string, Json> {
  return throughput === undefined ? {} : { [`${title} throughput`]: { ...throughput } }
}

/** Fields by their paths; lists are compared whole. */
function flat(path: string, value: Json): Record<string, Json> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { [path]: value }
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, inner]) => flat(path === '' ? name : `${path}.${name}`, inner)),
  ) as Record<string, Json>
}

function differences(expected: Record<string, Json>, found: Record<string, Json>, harms: Harm): Difference[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])]
    .filter((name) => !isDeepStrictEqual(nothing(expected[name]), nothing(found[name])))
    .map((name) => ({
      text: `${name} was ${told(expected[name])}, and is ${told(found[name])}`,
      harms: harms(name, nothing(expected[name])),
    }))
}

/** An empty list, an empty text and a setting that is not told of are the same to the service. */
function nothing(value: Json | undefined): Json | undefined {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0) ? undefined : value
}

function told(value: Json | undefined): string {
  return value === undefined ? 'not set' : JSON.stringify(value)
}
