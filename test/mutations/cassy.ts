import type { Mutation } from './mutation.ts'

const source = 'export class CassySource implements BackupSource'

/** What Cassy does not tell. */
export const cassyMutations: readonly Mutation[] = [
  {
    title: 'what Cassy calls completed is believed',
    file: source,
    changes: [['if (lack !== undefined)', 'if (lack === null)']],
    tests: ['cassy/backup.test.ts'],
  },
  {
    title: 'nobody looks at the nodes while Cassy has them snapshotted',
    file: source,
    changes: [['if (this.#nodes !== undefined)', 'if (this.#nodes === null)']],
    tests: ['cassy/backup.test.ts'],
  },
  {
    title: 'a backup that Cassy has only written down counts as begun',
    file: source,
    changes: [['status >= operationStatus.started', 'status >= operationStatus.initialized']],
    tests: ['cassy/backup.test.ts'],
  },
  {
    title: 'a restore of before counts as done',
    file: 'export class CassyHandedOver implements RestoredData',
    changes: [['its.created_at <= lastRestoreMs', 'its.created_at < 0']],
    tests: ['cassy/restore.test.ts'],
  },
]
