import { parse } from 'dot-properties'
import type { V1Container } from '@kubernetes/client-node'
import { defaultStorage } from '../../../operation/databases/registry.ts'
import type { Release } from './releases.ts'
import type { Session } from '../api/session.ts'
import { findPropertiesSource, readProperties } from '../jobs/compose/properties-source.ts'

const template = /\{\{-?\s*(?:default\s+)?\.Env\.(\w+)(?:\s+"[^"]*")?\s*-?\}\}|\$\{env:(\w+)\}/g

/**
 * A value with its variables filled in from what the container's template says outright; undefined where one comes from
 * elsewhere.
 */
function resolved(value: string, container: V1Container): string | undefined {
  let known = true
  const text = value.replace(template, (_, older: string | undefined, newer: string | undefined) => {
    const plain = container.env?.find((variable) => variable.name === (older ?? newer))?.value
    if (plain === undefined) known = false
    return plain ?? ''
  })
  return known ? text.trim() : undefined
}

/**
 * Which databases a properties file names: `jdbc`, or `multi-storage (jdbc)`; undefined where it hides one.
 * @param container the one that reads it, for variables whose value its template gives
 */
export function storageIn(properties: string, container: V1Container): string | undefined {
  const entries = Object.entries(parse(properties)).flatMap(([key, value]) =>
    typeof value === 'string' ? [{ key, value }] : [],
  )
  const valueOf = (key: string): string | undefined => {
    const entry = entries.find((entry) => entry.key === key)
    return entry === undefined ? undefined : resolved(entry.value, container)
  }
  const named = entries.some((entry) => entry.key === 'scalar.db.storage')
  const storage = named ? valueOf('scalar.db.storage') || undefined : defaultStorage
  if (storage !== 'multi-storage') return storage
  const kinds = entries
    .filter(({ key }) => /^scalar\.db\.multi_storage\.storages\.[^.]+\.storage$/.test(key))
    .map(({ key }) => valueOf(key) ?? 'unknown')
  return kinds.length === 0 ? storage : `${storage} (${[...new Set(kinds)].join(', ')})`
}

/** The storage that a release's properties name; undefined where they may not be read, or do not say. */
export async function storageOf(session: Session, release: Release): Promise<string | undefined> {
  const spec = release.deployment?.spec?.template.spec ?? release.pods[0]?.spec
  if (spec === undefined || spec === null) return undefined
  const source = findPropertiesSource(spec, release.product)
  const text = source === undefined ? undefined : await readProperties(session, source)
  return source === undefined || text === undefined ? undefined : storageIn(text, source.container)
}
