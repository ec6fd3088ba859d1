import type { Mutation } from './mutation.ts'

const identity = 'export interface ClientIdentity'
const tests = ['client-certificate.test.ts']

const source = 'export class CassandraSource implements BackupSource'

/** Management APIs that want a client's certificate, and which case the loss of one node is. */
export const cassandraMutations: readonly Mutation[] = [
  {
    title: 'a management API is believed whoever has signed its certificate',
    file: identity,
    changes: [['    tls: {\n      ca,', '    tls: {\n      rejectUnauthorized: false,\n      ca,']],
    tests,
  },
  {
    title: 'a management API is believed under any name',
    file: identity,
    changes: [
      [
        'serverName === undefined ? undefined : checkServerIdentity',
        'serverName !== null ? undefined : checkServerIdentity',
      ],
    ],
    tests,
  },
  {
    title: 'a client certificate that has ended is not seen before it is used',
    file: identity,
    changes: [['read.validToDate.getTime() < now', 'read.validToDate.getTime() < 0']],
    tests,
  },
  {
    title: 'nodetool takes the place of a certificate that is not accepted',
    file: 'export async function checkRights(\n  title: string,\n  pods: PodsElsewhere,',
    changes: [['at.clientSecret !== undefined && first?.trouble', 'at.clientSecret === null && first?.trouble']],
    tests,
  },
  {
    title: 'three copies on two nodes outlive one of them',
    file: 'export function lostNodeText',
    changes: [
      ["Math.min(Number(count.split('/')[0]), nodes.length)", "Number(count.split('/')[0]) + 0 * nodes.length"],
    ],
    tests: ['lost-node.test.ts'],
  },
  {
    title: 'a snapshot that comes after its window stays beside a good backup',
    file: source,
    changes: [['await clearSnapshots(node, this.#tags, { signal, keep: tag })', 'void node']],
    tests: ['cassandra/backup.test.ts'],
  },
  {
    title: 'a backup that is given up does not wait for its snapshots to be cleared',
    file: source,
    changes: [['[this.#clear(ring, signal), ', '[void this.#clear(ring, signal).catch(() => 0), ']],
    tests: ['cassandra/conformance.test.ts'],
  },
  {
    title: 'of what Medusa met its number of tries is told',
    file: 'Whether Medusa answers on a node, and reaches its storage',
    changes: [['const words = met ?? said', 'const words = said']],
    tests: ['cassandra/medusa.test.ts'],
  },
  {
    title: 'a ring of which a node was restarted is given up',
    file: 'export class HandedOver implements RestoredData',
    changes: [['noted.length > 0 && changed.length === 0 && running', 'noted.length > 0 && running']],
    tests: ['cassandra/conformance.test.ts'],
  },
]
