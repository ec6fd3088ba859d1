import type { KnownKind } from '../../../../../operation/databases/kind.ts'

/** What the plugin would have to know of the toy. */
export const toy: KnownKind = {
  name: 'toy',
  title: 'Toy',
  storage: 'jdbc',
  keepsItsOwnBackups: false,
  flags: { restore: { region: 'Toy: shelf to put it back on' } },
}
