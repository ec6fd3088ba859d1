import { parse } from 'dot-properties'
import { Failure } from '../../operation/failure.ts'

/** The variables of one release's container, by the names that the release knows them under. */
export type Lookup = (name: string) => string | undefined

/**
 * The properties of a file as the Java of the Scalar servers reads it: templates filled in first, then the .properties
 * syntax in ISO 8859-1. Placeholders of values stay as they are, see `resolve`.
 */
export function readProperties(text: string, lookup: Lookup): Map<string, string> {
  const bytes = Buffer.from(fillTemplate(text, lookup), 'utf8')
  // Without a path separator every value is a string.
  const entries = Object.entries(parse(bytes.toString('latin1')))
  return new Map(entries.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : [])))
}

const goTemplate = /\{\{-?\s*(?:default\s+\.Env\.(\w+)\s+(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)|\.Env\.(\w+))\s*-?\}\}/g

/**
 * The older syntax, which the servers' images fill in with dockerize when they start. A variable that is not set
 * becomes a placeholder: it is an error only for a property that somebody reads.
 */
function fillTemplate(text: string, lookup: Lookup): string {
  return text.replace(
    goTemplate,
    (
      _whole,
      withDefault: string | undefined,
      quoted: string | undefined,
      raw: string | undefined,
      plain: string | undefined,
    ) => {
      if (withDefault !== undefined) return lookup(withDefault) || (raw ?? (quoted ?? '').replace(/\\(.)/g, '$1'))
      return lookup(plain ?? '') ?? `\${env:${plain ?? ''}}`
    },
  )
}

/**
 * A value with its placeholders replaced: `${env:NAME}` and `${env:NAME:-default}`, `$${` for a literal `${`
 * (ScalarDB: ConfigUtils, by Apache Commons Text).
 * @throws Failure naming the property and the variable that is not set, or a placeholder that only the server's own JVM
 * can fill in.
 */
export function resolve(property: string, value: string, lookup: Lookup): string {
  if (/\{\{[^}]*\.Env\b/.test(value)) {
    throw unresolved(
      property,
      'it holds a template that this program cannot evaluate',
      'write it as ${env:NAME}, which ScalarDB resolves itself',
    )
  }
  return value
    .trim()
    .replace(/\$?\$\{([^}]*)\}/g, (whole, inside: string) =>
      whole.startsWith('$$') ? whole.slice(1) : fill(property, inside, lookup),
    )
}

function fill(property: string, inside: string, lookup: Lookup): string {
  const split = inside.indexOf(':-')
  const key = split < 0 ? inside : inside.slice(0, split)
  const value = key.startsWith('env:') ? lookup(key.slice(4)) : undefined
  if (value !== undefined) return value
  if (split >= 0) return inside.slice(split + 2)
  if (key.startsWith('env:')) {
    throw unresolved(
      property,
      `the environment variable ${key.slice(4)} is not set for the release's container`,
      'set it in the env or envFrom of the release, or give the property a default: ${env:NAME:-default}',
    )
  }
  throw unresolved(
    property,
    `\${${key}} can be known only inside the server`,
    'use ${env:NAME} and an environment variable of the release',
  )
}

function unresolved(property: string, why: string, next: string): Failure {
  return new Failure({ what: `property ${property} cannot be read`, why, next })
}
