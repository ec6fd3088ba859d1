import type { KnownKind } from './kind.ts'

/** PostgreSQL: what the plugin knows of every kind says it all. */
export const postgresql: KnownKind = {
  name: 'postgresql',
  title: 'PostgreSQL',
  storage: 'jdbc',
  keepsItsOwnBackups: false,
  flags: {},
}
