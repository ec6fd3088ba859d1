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
    file: 'export function newestBeside',
    changes: [['=> !earlier.includes(created_at)', '=> created_at > earlier.length - 99']],
    tests: ['cassy/restore.test.ts'],
  },
  {
    title: 'Cassy is asked while Cassandra runs',
    file: 'export class CassyHandedOver implements RestoredData',
    changes: [['if (running.length > 0) return null', 'if (running.length > 99) return null']],
    tests: ['cassy/restore.test.ts'],
  },
  {
    title: 'Cassy is asked while it is at work for somebody else',
    file: 'export function newestBeside',
    changes: [['    await refuseOthers(of)\n', '']],
    tests: ['cassy/restore.test.ts'],
  },
  {
    title: 'Cassy is asked again after a kill',
    file: 'export function newestBeside',
    changes: [['if (atWork.length > 0) {', 'if (atWork.length > 99) {']],
    tests: ['cassy/restore.test.ts'],
  },
  {
    title: 'a node that has failed is asked for again before it was emptied',
    file: 'export function newestBeside',
    changes: [
      [
        'status === operationStatus.failed && !told.includes(created_at)',
        'status === operationStatus.failed && created_at < 0',
      ],
    ],
    tests: ['cassy/restore.test.ts'],
  },
  {
    title: 'a restore by Cassy is complete although its bucket has lost files',
    file: 'export function newestBeside',
    changes: [['    await of.checkBucket()\n', '']],
    tests: ['cassy/restore.test.ts'],
  },
  {
    title: 'a node that does not answer is passed over',
    file: 'export class CassyHandedOver implements RestoredData',
    changes: [['if (down.length === 0)', 'if (down.length >= 0)']],
    tests: ['cassy/restore.test.ts'],
  },
  {
    title: 'a snapshot whose name Cassy has forgotten stays on the nodes',
    file: 'async function arrivedOf(',
    changes: [
      ['names.add(known)', 'void known'],
      ['names.add(arrived)', 'void arrived'],
    ],
    tests: ['cassy/backup.test.ts'],
  },
  {
    title: 'a ring that has changed is recorded with the backup of a killed worker',
    file: source,
    changes: [['    refuseChanged(this.#title, hostIds, ring.view.members)\n', '']],
    tests: ['cassy/killed-backup.test.ts'],
  },
  {
    title: 'a part of a file of data that is not there is not missed',
    file: 'export async function lacksOf(',
    changes: [['!files.has(stem + part)', 'part === null']],
    tests: ['cassy/restore.test.ts'],
  },
  {
    title: 'a restore is given up although Cassy was asked for files',
    file: 'export class CassyHandedOver implements RestoredData',
    changes: [['let isAsked = told !== undefined', 'let isAsked = false']],
    tests: ['cassy/restore.test.ts'],
  },
]
