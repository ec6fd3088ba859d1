import type { Mutation } from './mutation.ts'

/** Dumps in object stores, and the sessions that read them. */
export const dumpMutations: readonly Mutation[] = [
  {
    title: 'a server is told to be a primary whatever it says',
    file: 'export async function isReplica(',
    changes: [['return row?.readOnly === 1', 'return row?.readOnly === 7']],
    tests: ['mysql-preflight.test.ts'],
  },
  {
    title: 'a session that has read its tables waits for the others',
    file: 'export class MysqlSource',
    changes: [['        holder.destroy()\n', '']],
    tests: ['quiet.test.ts'],
  },
  {
    title: 'the session that sees the present is silent',
    file: 'export class MysqlSource',
    changes: [["void now.query('DO 0').catch(() => undefined)", 'undefined']],
    tests: ['quiet.test.ts'],
  },
  {
    title: 'an upload that a killed worker began stays',
    file: 'export async function abortUnfinished(',
    changes: [['  await abortUnfinished(bucket, folder)\n}', '}']],
    tests: ['backup-killed.test.ts'],
  },
  {
    title: 'an error of a tool is none where it ends with 0',
    file: 'export function tellsOfError(',
    changes: [['if (code === 0 && !tellsOfError(stderr)) return stdout', 'if (code === 0) return stdout']],
    tests: ['tools.test.ts'],
  },
  {
    title: 'a block goes to Azure without its checksum',
    file: 'export function azureTarget(',
    changes: [
      [
        `          client.getBlockBlobClient(name).stageBlock(block, content, content.length, {
            abortSignal,
            onProgress,
            transactionalContentMD5: sumOf(content),`,
        `          client.getBlockBlobClient(name).stageBlock(block, content, content.length, {
            abortSignal,
            onProgress,`,
      ],
    ],
    tests: ['azure.test.ts'],
  },
]
