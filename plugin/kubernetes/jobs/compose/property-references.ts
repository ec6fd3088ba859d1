import { parse } from 'dot-properties'

/** What the `scalar.db.*` properties of a release need of its pod. */
export interface PropertyReferences {
  /** environment variables, by either template syntax */
  variables: string[]
  /** absolute paths in values, such as a certificate's; may hold things that only look like one */
  paths: string[]
  /** kinds of storage where they are plain to see; undefined when a template hides one */
  storages: string[] | undefined
}

function unique(values: string[]): string[] {
  return [...new Set(values)]
}

/** Reads what the database properties of a release refer to. */
export function referencesOf(properties: string): PropertyReferences {
  const entries = Object.entries(parse(properties)).flatMap(([key, value]) =>
    key.startsWith('scalar.db.') && typeof value === 'string' ? [{ key, value }] : [],
  )
  const values = entries.map((entry) => entry.value)
  const variables = values.flatMap((value) =>
    [...value.matchAll(/\.Env\.(\w+)|\$\{env:(\w+)/g)].map((match) => match[1] ?? match[2] ?? ''),
  )
  const paths = values.flatMap((value) =>
    [...value.matchAll(/(?<![\w/.])\/[\w.@+-]+(?:\/[\w.@+-]+)*/g)].map((match) => match[0]),
  )
  const storages = entries.filter(({ key }) => /(^|\.)storage$/.test(key)).map((entry) => entry.value.trim())
  const plain = storages.length > 0 && storages.every((storage) => /^[\w-]+$/.test(storage))
  return { variables: unique(variables), paths: unique(paths), storages: plain ? unique(storages) : undefined }
}
