import type { Mutation } from './mutation.ts'

const destination = 'class InstanceDestination implements'

/** Breakages of what guards instances of RDS. */
export const rdsMutations: readonly Mutation[] = [
  {
    title: 'rds: a time outside the window is restored',
    file: 'it will be inside a little later',
    changes: [
      ['if (point.getTime() >= earliestMs && point.getTime() <= latestMs)', 'if (point.getTime() !== earliestMs)'],
    ],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: the restore point need not be the moment of a pause',
    file: 'export function checkPoint(',
    changes: [['if (choice.unproven !== true)', "if (unproven === '')"]],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: "rds: an instance of the name is this restore's, whatever its tags say",
    file: 'export function isOwn({ TagList',
    changes: [
      ['Key === restoreTag && Value === operation)', 'Key !== Value && operation !== Value) || TagList.length === 0'],
    ],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: "rds: another restore's instance is this one's",
    file: 'export function isOwn({ TagList',
    changes: [['Key === restoreTag && Value === operation)', "Key === restoreTag && operation !== '')"]],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: what has the name is deleted, whosever it is',
    file: 'export async function deleteOwn(',
    changes: [
      [
        'if (one === undefined || !isOwn(one, context.operation)) return true',
        'if (one === undefined) return true\n    void isOwn(one, context.operation)',
      ],
    ],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: the past is that of whichever instance has the name',
    file: 'async function checkSource(',
    changes: [['source === undefined || source.DbiResourceId !== details.resourceId', 'source === undefined']],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: a point is kept of another instance than it was taken of',
    file: 'export class RdsSource implements',
    changes: [['if (instance.DbiResourceId !== resourceId || past === undefined)', 'if (past === undefined)']],
    tests: ['rds/backup.test.ts'],
  },
  {
    title: 'rds: settings are not compared',
    file: destination,
    changes: [['if (harming.length > 0)', 'if (harming.length < 0)']],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: nothing of the settings is put on again',
    file: 'export async function completeInstance(',
    changes: [
      ['if (isSame(await untilServing(work))) return', 'if (isSame(await untilServing(work)) || !isSame) return'],
    ],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: an instance is made open, and closed afterwards',
    file: 'export async function ensureRestored(',
    changes: [
      [
        '...Object.fromEntries(Object.entries(restored).filter(([, value]) => !isEmpty(value))),',
        '...(isEmpty(restored.Port) ? {} : { Port: restored.Port }),',
      ],
    ],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: what an earlier worker made is made again',
    file: 'export async function ensureRestored(',
    changes: [['if ((await ownInstance(work)) === undefined) await begin', 'await begin']],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: an answer that was lost is a failure',
    file: 'export async function ensureRestored(',
    changes: [["if (nameOf(error) !== 'DBInstanceAlreadyExistsFault') throw error", 'throw error']],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: an instance that a release uses is removed',
    file: destination,
    changes: [
      [
        'if (host !== undefined && (await isUsed(settings, host))) throw inService(target)',
        'void isUsed\n      void settings',
      ],
    ],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: a name server that fails is one that knows no alias',
    file: 'async function aliasOf(',
    changes: [["if (['ENODATA', 'ENOTFOUND']", "if (['ENODATA', 'ENOTFOUND', 'ESERVFAIL']"]],
    tests: ['rds/names.test.ts'],
  },
  {
    title: 'rds: a port of another instance will do',
    file: 'export async function findInstance(',
    changes: [['&& one.Endpoint?.Port === port)', '&& port > 0)']],
    tests: ['rds/backup.test.ts'],
  },
  {
    title: 'rds: automated backups may be off',
    file: 'export function checkPast(',
    changes: [['if (days === 0)', 'if (days < 0)']],
    tests: ['rds/backup.test.ts'],
  },
  {
    title: 'rds: a replica is backed up',
    file: 'export function checkPast(',
    changes: [
      [
        'if (instance.ReadReplicaSourceDBInstanceIdentifier !== undefined)',
        'if (instance.ReadReplicaSourceDBInstanceIdentifier === null)',
      ],
    ],
    tests: ['rds/backup.test.ts'],
  },
  {
    title: 'rds: an instance that does not serve is backed up',
    file: 'export function checkPast(',
    changes: [['if (!serving.test(status))', "if (status === '')"]],
    tests: ['rds/backup.test.ts'],
  },
]
