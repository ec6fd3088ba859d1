import type { Mutation } from './mutation.ts'

const restore = 'all of them before the first is loaded'

/** Breakages of what guards records and whatever goes by them. */
export const recordMutations: readonly Mutation[] = [
  {
    title: 'a backup is deleted that the record does not name',
    file: 'export async function proveOwnership(',
    changes: [
      ['if (operation !== record.operation || createdAt !== record.createdAt)', 'if (operation === undefined)'],
    ],
    tests: ['hostile-records.test.ts'],
  },
  {
    title: 'nobody has to vouch for a record',
    file: 'export function refuseUntrusted(',
    changes: [['if (!isTrusted(record, trust)) throw', 'if (trust.keys === undefined) throw']],
    tests: ['signed-records.test.ts'],
  },
  {
    title: 'a signature need not fit what it signs',
    file: 'export function authorshipOf(',
    changes: [['return isOurs && verify(null,', 'return isOurs || verify(null,']],
    tests: ['signed-records.test.ts'],
  },
  {
    title: "any key's signature is taken",
    file: 'export function isTrusted(',
    changes: [['&& keys.includes(authorship.fingerprint)) return', '&& keys.length > 0) return']],
    tests: ['signed-records.test.ts'],
  },
  {
    title: 'what is a backup is not all signed',
    file: 'export function signedText(',
    changes: [['({ standing: _standing, ...entry }) => entry', '({ title }) => title']],
    tests: ['signed-records.test.ts'],
  },
  {
    title: 'a record may lead to the store of anybody',
    file: 'export function signedText(',
    changes: [['const { copies: _places,', 'const { location: _place, copies: _places,']],
    tests: ['signed-records.test.ts'],
  },
  {
    title: 'an import signs what differs from what it has verified',
    file: 'export async function writeImported(',
    changes: [['...placeless, ...signature,', '...verified, ...signature,']],
    tests: ['signed-records.test.ts'],
  },
  {
    title: 'an imported record is taken from anybody',
    file: 'export async function writeImported(',
    changes: [['  verifyRecord(context, record, context.request.trust)\n', '']],
    tests: ['signed-records.test.ts'],
  },
  {
    title: 'data is deleted by the record of anybody',
    file: 'export async function deleteBackup(context: OperationContext',
    changes: [['  verifyRecord(context, record, request.trust)\n', '']],
    tests: ['signed-records.test.ts'],
  },
  {
    title: 'a record of anybody is restored',
    file: restore,
    changes: [['  verifyRecord(context, record, request.trust)\n', '']],
    tests: ['signed-records.test.ts'],
  },
  {
    title: 'a stranger has a record signed by having it changed',
    file: 'export function withBackup(',
    changes: [['signed(changed, trusted ? signing : undefined)', 'signed(changed, trusted ? signing : signing)']],
    tests: ['signed-records.test.ts'],
  },
  {
    title: 'former data is removed by the restore of anybody',
    file: 'export async function formerRestore(',
    changes: [['  verifyRecord(context, record, context.request.trust)\n', '']],
    tests: ['signed-restores.test.ts'],
  },
  {
    title: 'former data is removed by a restore of the backup of anybody',
    file: 'export async function formerRestore(',
    changes: [['  verifyRecord(context, restored, context.request.trust)\n', '']],
    tests: ['signed-restores.test.ts'],
  },
  {
    title: 'a moment is proven by the pause of anybody',
    file: 'export async function verifyMoment(',
    changes: [['  verifyRecord(context, record, context.request.trust)\n', '']],
    tests: ['signed-restores.test.ts'],
  },
  {
    title: 'a moment is proven by any pause',
    file: 'export async function verifyMoment(',
    changes: [['if (windowThatProves(record, at, releases) !== undefined)', 'if (windowThatProves !== undefined)']],
    tests: ['signed-restores.test.ts'],
  },
  {
    title: 'an import takes the place of a record that differs',
    file: 'export async function importBackup(context',
    changes: [
      ['known.createdAt === record.createdAt && isSamePoint(known.backup, backup)', 'isSamePoint !== undefined'],
    ],
    tests: ['signed-records.test.ts', 'hostile-records.test.ts'],
  },
  {
    title: 'a request may take the place of another',
    file: 'export function parseRequest(',
    changes: [['requestHash(json) !== hash', 'requestHash(json) === undefined']],
    tests: ['signing-key.test.ts'],
  },
  {
    title: 'a worker goes on from whatever is said to be its journal',
    file: 'export function doubtsOf(',
    changes: [['journal: fits.journal ? undefined :', 'journal: fits !== undefined ? undefined :']],
    tests: ['left-behind.test.ts'],
  },
  {
    title: 'a worker goes on from whatever is said to be its record',
    file: 'export function doubtsOf(',
    changes: [['record: fits.record ? undefined :', 'record: fits !== undefined ? undefined :']],
    tests: ['left-behind.test.ts'],
  },
  {
    title: 'a worker goes on from a journal that anybody signed',
    file: 'export function doubtsOf(',
    changes: [['signing.trusted.includes(signerOf(signature)) &&', '']],
    tests: ['left-behind.test.ts'],
  },
  {
    title: 'the journal of an earlier operation is gone by',
    file: 'function journalText(',
    changes: [['canonicalJson({ operation, createdAt, steps })', 'canonicalJson({ operation, steps })']],
    tests: ['left-behind.test.ts'],
  },
  {
    title: 'a pause whose journal is in doubt is not ended',
    file: 'async function workGuarded(',
    changes: [
      [
        '    await endLeftoverPause({ ...surroundings, request })\n',
        '    if (!doubts.journal) await endLeftoverPause({ ...surroundings, request })\n',
      ],
    ],
    tests: ['left-behind.test.ts'],
  },
  {
    title: 'what is left in doubt is signed by going on',
    file: 'async function workGuarded(',
    changes: [['doubts.record === undefined ? signing : undefined', 'doubts.record !== null ? signing : undefined']],
    tests: ['left-behind.test.ts'],
  },
  {
    title: 'a record that is said to be unwritten is gone by',
    file: 'async function workGuarded(',
    changes: [["known?.state === 'pending' ? undefined : known", 'known']],
    tests: ['left-behind.test.ts'],
  },
  {
    title: 'what an older record says is kept is removed',
    file: 'export class RestoredDump<',
    changes: [['({ before }) => isEmpty(before),', '({ before }) => before === undefined,']],
    tests: ['older-records.test.ts'],
  },
  {
    title: 'what an older record says is kept need not be there',
    file: 'export class RestoredDump<',
    changes: [['refuseNoWayBack(this.#target.title, world)', 'void world']],
    tests: ['older-records.test.ts'],
  },
  {
    title: 'a Job that only verifies has the private key',
    file: 'export function extraMounts(',
    changes: [["extra.records === 'verified' ?", 'extra.records === undefined ?']],
    tests: ['signing-key.test.ts'],
  },
  {
    title: 'a second install replaces the signing key',
    file: 'export async function ensureSigningKey(',
    changes: [['(wishes.rotate ? undefined : known?.key)', 'undefined']],
    tests: ['signing-key.test.ts'],
  },
]
