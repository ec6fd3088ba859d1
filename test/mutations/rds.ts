import type { Mutation } from './mutation.ts'

const drop = 'export function finalSnapshot('
const destination = 'class RelationalDestination<'

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
    file: 'export function ownTag(',
    changes: [
      ['Key === restoreTag && Value === operation)', 'Key !== Value && operation !== Value) || tags.length === 0'],
    ],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: "rds: another restore's instance is this one's",
    file: 'export function ownTag(',
    changes: [['Key === restoreTag && Value === operation)', "Key === restoreTag && operation !== '')"]],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: what has the name is deleted, whosever it is',
    file: 'export async function deleteOwn<',
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
    file: "import { checkPlace } from './check-place.ts'",
    changes: [['found?.resourceId === details.resourceId ? found : undefined', 'found']],
    tests: ['rds/identity.test.ts'],
  },
  {
    title: 'rds: whichever instance has the name is restored from',
    file: 'export async function ensureRestored<',
    changes: [['(await kind.look(client, source))?.resourceId !== resourceId', "resourceId === ''"]],
    tests: ['rds/identity.test.ts'],
  },
  {
    title: 'rds: an instance that is gone is restored by its name',
    file: 'export async function ensureRestored<',
    changes: [['source: isRetained ? { resourceId } :', "source: resourceId === '' ? { resourceId } :"]],
    tests: ['rds/identity.test.ts'],
  },
  {
    title: 'rds: a point is kept of another instance than it was taken of',
    file: 'class RelationalPast<',
    changes: [['if (one.resourceId !== resourceId || past === undefined)', 'if (past === undefined)']],
    tests: ['rds/identity.test.ts'],
  },
  {
    title: 'rds: settings are not compared',
    file: destination,
    changes: [
      [
        'const harming = differences.filter(({ harms }) => harms)',
        'const harming = differences.filter(({ harms }) => harms && target === title)',
      ],
    ],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: nothing of the settings is put on again',
    file: 'export async function ensureChanged<',
    changes: [['if (isSame(await untilServing(work))) return', 'if ((await untilServing(work)) !== undefined) return']],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: an instance is made open, and closed afterwards',
    file: 'export const instances: RelationalKind<',
    changes: [['...given({ ...settings?.restored, Tags', '...given({ Port: settings?.restored.Port, Tags']],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: each worker of a restore makes an instance of its own',
    file: 'lasting: openClient(details.region, { patienceMs }),',
    changes: [
      [
        'restoredName(source, context.operation, point',
        'restoredName(source, `${context.operation} ${performance.now()}`, point',
      ],
    ],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: an answer that was lost is a failure',
    file: 'export async function ensureRestored<',
    changes: [['if (!/^DB(Instance|Cluster)AlreadyExistsFault$/.test(nameOf(error))) throw error', 'throw error']],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: an instance that a release uses is removed',
    file: destination,
    changes: [
      [
        'if (host !== undefined && (await isUsed(host, hosts, noun))) throw inService(noun, target)',
        'void isUsed\n      void inService\n      void hosts',
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
    file: 'export async function seekInstance(',
    changes: [['&& one.server.port === port)', '&& port > 0)']],
    tests: ['rds/backup.test.ts'],
  },
  {
    title: 'rds: automated backups may be off',
    file: 'export async function checkRights<',
    changes: [['if (days === 0)', 'if (days < 0)']],
    tests: ['rds/backup.test.ts'],
  },
  {
    title: 'rds: an instance that does not serve is backed up',
    file: 'export function checkInstance(',
    changes: [['if (!serving.test(status))', "if (status === '')"]],
    tests: ['rds/backup.test.ts'],
  },
  {
    title: 'rds: a subnet group may be in any network',
    file: 'function parameterGroup(',
    changes: [['|| network === former) return told', '|| network !== name) return told']],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: an account that is full is asked for another instance',
    file: 'function parameterGroup(',
    changes: [['if (known.Used + of.needed <= known.Max) return', 'if (known.Used <= known.Max) return']],
    tests: ['rds/restore.test.ts'],
  },
  {
    title: 'rds: a release is stopped before anybody has logged in to the restored instance',
    file: 'export async function checkLogins(',
    changes: [['await loggedInAt(one)\n', 'void loggedInAt\n        void one\n']],
    tests: ['rds/patch.test.ts'],
  },
  {
    title: 'rds: a former instance goes that somebody uses',
    file: drop,
    changes: [['if (present.length > 0)', 'if (present.length < 0)']],
    tests: ['rds/patch.test.ts'],
  },
  {
    title: 'rds: a former instance goes that a release names',
    file: drop,
    changes: [
      ["if ((await repointing.inUse()) !== 'by all')", 'if (former.length < 0)'],
      ['  await repointing.recall()\n  const former = repointing.formerSettings()\n', ''],
      [
        '  const refused = (why',
        '  await repointing.recall()\n  const former = repointing.formerSettings()\n  const refused = (why',
      ],
    ],
    tests: ['rds/patch.test.ts'],
  },
  {
    title: 'rds: a former instance goes with its past',
    file: 'export const instances: RelationalKind<',
    changes: [['DeleteAutomatedBackups: false', 'DeleteAutomatedBackups: true']],
    tests: ['rds/patch.test.ts'],
  },
  {
    title: 'rds: a URL with a password is written to journal and record',
    file: 'export class ServerRepointing',
    changes: [
      [
        'settings.filter(({ contactPoints }) => hidesPassword(contactPoints))',
        'settings.filter(({ contactPoints }) => hidesPassword(contactPoints) && noun === title)',
      ],
    ],
    tests: ['rds/patch.test.ts'],
  },
  {
    title: "rds: the clock of MySQL is another than the server's",
    file: 'export async function measureServerClock(',
    changes: [['SYSDATE(6)) AS seconds', 'SYSDATE(6)) + 30 AS seconds']],
    tests: ['rds/mysql.test.ts'],
  },
]
