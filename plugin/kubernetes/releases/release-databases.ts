import type { V1Container } from '@kubernetes/client-node'
import { parse } from 'dot-properties'
import { knownKinds } from '../../../operation/databases/registry.ts'
import { usualDecommissioningS } from '../../../operation/product.ts'
import { findPropertiesSource, readProperties } from '../jobs/compose/properties-source.ts'
import type { Release } from './releases.ts'
import type { Session } from '../api/session.ts'

/** A release's properties file, and the container that reads it. */
export interface ReadProperties {
  entries: ReadonlyMap<string, string>
  container: V1Container
}

/** The properties of a release; undefined where they may not be read from here. */
export async function propertiesOf(session: Session, release: Release): Promise<ReadProperties | undefined> {
  const spec = release.deployment?.spec?.template.spec
  const source = spec === undefined || spec === null ? undefined : findPropertiesSource(spec, release.product)
  const text = source === undefined ? undefined : await readProperties(session, source)
  return source === undefined || text === undefined ? undefined : parsed(text, source.container)
}

export function parsed(text: string, container: V1Container): ReadProperties {
  const entries = Object.entries(parse(text)).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[key, value]] : [],
  )
  return { entries: new Map(entries), container }
}

const template = /\{\{-?\s*(?:default\s+)?\.Env\.(\w+)(?:\s+"[^"]*")?\s*-?\}\}|\$\{env:(\w+)(?::-[^}]*)?\}/g

/** A value with the variables filled in that the container's template says outright; any other stays as `${NAME}`. */
export function filledIn(value: string, container: V1Container): string {
  const valueOf = (name: string) => container.env?.find((variable) => variable.name === name)?.value
  const expanded = (text: string) =>
    text.replace(/\$\((\w+)\)/g, (_whole, name: string) => valueOf(name) ?? `\${${name}}`)
  return value
    .replace(template, (_whole, older: string | undefined, newer: string | undefined) => {
      const name = older ?? newer ?? ''
      const plain = valueOf(name)
      return plain === undefined ? `\${${name}}` : expanded(plain)
    })
    .trim()
}

/** The databases that properties name, for people and without secrets. */
export function databasesIn({ entries, container }: ReadProperties): string[] {
  const roots = [...entries.keys()].flatMap((key) =>
    key.endsWith('.contact_points') ? [key.slice(0, -'contact_points'.length)] : [],
  )
  const value = (key: string) => filledIn(entries.get(key) ?? '', container)
  return [...new Set(roots.map((root) => databaseAt((name) => value(root + name))))].sort()
}

function databaseAt(property: (name: string) => string): string {
  const points = property('contact_points')
  // A JDBC URL may hold a user and a password.
  if (points.startsWith('jdbc:'))
    return points
      .slice('jdbc:'.length)
      .replace(/\?.*$/, '')
      .replace(/\/\/[^/@]*@/, '//')
  const kind = knownKinds.find(({ storage }) => storage === property('storage'))
  return kind?.describePlace?.(property) ?? points
}

/**
 * How long the pods of a release take to end, s: as long as its servers answer on once they were told to, unless the
 * kubelet ends them before; with the property that says so.
 */
export function endingOf(
  { product, deployment }: Release,
  properties: ReadProperties | undefined,
): { seconds: number; because: string } {
  const key = product.decommissioningKey
  const set = properties?.entries.get(key)
  const written =
    set === undefined || properties === undefined ? Number.NaN : Number(filledIn(set, properties.container))
  const decommissioningS = Number.isFinite(written) ? written : usualDecommissioningS
  const graceS = deployment?.spec?.template.spec?.terminationGracePeriodSeconds ?? decommissioningS
  if (graceS < decommissioningS) return { seconds: graceS, because: 'terminationGracePeriodSeconds of its pods' }
  return { seconds: decommissioningS, because: Number.isFinite(written) ? key : `${key}, its default` }
}
