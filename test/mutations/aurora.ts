import type { Mutation } from './mutation.ts'

const clusters = 'export const clusters: RelationalKind<'
const complete = 'export async function completeCluster('
const remove = 'export async function removeCluster('

/** Breakages of what guards clusters of Aurora; what they share with instances of RDS is among those of RDS. */
export const auroraMutations: readonly Mutation[] = [
  {
    title: 'aurora: an instance of the name is one of the restore, whatever its tags say',
    file: complete,
    changes: [
      [
        '(isOwn(one, context.operation) && one.told.DBClusterIdentifier === target)',
        "isOwn(one, context.operation) || target !== ''",
      ],
    ],
    tests: ['aurora/restore.test.ts'],
  },
  {
    title: 'aurora: a reader is made first, and takes the writes',
    file: complete,
    changes: [
      [
        'const [writer, ...readers] = details.settings.members',
        'const [writer, ...readers] = details.settings.members.toReversed()',
      ],
    ],
    tests: ['aurora/restore.test.ts'],
  },
  {
    title: 'aurora: the reader endpoint will do',
    file: 'export async function seekCluster(',
    changes: [
      [
        "if (named(one.ReaderEndpoint)) throw notEndpoint(names, 'the reader endpoint', one)",
        'if (named(one.ReaderEndpoint)) return await withMembers(client, one)',
      ],
    ],
    tests: ['aurora/backup.test.ts'],
  },
  {
    title: "aurora: a custom endpoint is nobody's",
    file: 'export async function seekCluster(',
    changes: [
      ['if (one.CustomEndpoints?.some(named) === true)', 'if (one.CustomEndpoints?.some(named) === undefined)'],
    ],
    tests: ['aurora/backup.test.ts'],
  },
  {
    title: 'aurora: what the name of an endpoint tells is not looked at',
    file: 'export async function findByLead<',
    changes: [['if (other !== undefined) {', "if (other !== undefined && storage === '') {"]],
    tests: ['aurora/backup.test.ts'],
  },
  {
    title: 'aurora: Serverless v1 is backed up',
    file: 'export function checkCluster(',
    changes: [["if (mode === 'serverless')", "if (mode === 'none')"]],
    tests: ['aurora/backup.test.ts'],
  },
  {
    title: 'aurora: an instance that somebody added goes with the cluster',
    file: remove,
    changes: [['if (others.length > 0)', 'if (others.length < 0)']],
    tests: ['aurora/restore.test.ts'],
  },
  {
    title: 'aurora: room for one instance is room for all',
    file: clusters,
    changes: [['needed: work.details.settings.members.length }', 'needed: 1 }']],
    tests: ['aurora/restore.test.ts'],
  },
  {
    title: 'aurora: the last moment is restored, whichever was asked for',
    file: clusters,
    changes: [[': { RestoreToTime: point }', ': { UseLatestRestorableTime: true }']],
    tests: ['aurora/mysql.test.ts'],
  },
  {
    title: 'aurora: who reads from a former cluster is not seen',
    file: clusters,
    changes: [['servers: ({ members }) => members.flatMap', 'servers: ({ members }) => members.slice(0, 1).flatMap']],
    tests: ['aurora/patch.test.ts'],
  },
  {
    title: 'aurora: the writer of a former cluster goes before its readers',
    file: remove,
    changes: [['const next = readers.length > 0 ? readers :', 'const next = readers.length < 0 ? readers :']],
    tests: ['aurora/patch.test.ts'],
  },
  {
    title: 'aurora: a former cluster goes with its past',
    file: remove,
    changes: [['DeleteAutomatedBackups: false', 'DeleteAutomatedBackups: true']],
    tests: ['aurora/patch.test.ts'],
  },
]
