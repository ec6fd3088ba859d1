import type { KnownKind } from './kind.ts'

/** MySQL and MariaDB: what the plugin knows of every kind says it all. */
export const mysql: KnownKind = {
  name: 'mysql',
  title: 'MySQL and MariaDB',
  storage: 'jdbc',
  keepsItsOwnBackups: false,
  flags: {},
}
