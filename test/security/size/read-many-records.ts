import type { Session } from '../../../plugin/kubernetes/api/session.ts'
import { labels } from '../../../operation/names.ts'
import { newRecord, type BackupPart, type OperationRecord } from '../../../operation/record.ts'
import { planDeletion } from '../../../plugin/commands/delete/plan.ts'
import { chooseRestore } from '../../../plugin/commands/restore/choice.ts'
import { endedByRestore } from '../../../plugin/commands/restore/losses.ts'
import { readableRecords } from '../../../plugin/kubernetes/records/records.ts'

/**
 * Has a deletion and a restore look through 10,000 records, every hundredth of 900 KiB, as the plugin does, and prints
 * what each found: run by a test in little memory.
 */
const count = 10_000
const note = 'x'.repeat(1024)
const findings = Array.from({ length: 900 }, () => ({
  check: 'x',
  subject: 'y',
  outcome: 'warning' as const,
  message: note,
  cure: '',
}))
const at = '2026-11-21T09:00:00.000Z'

function recordOf(number: number): OperationRecord & { backup: BackupPart } {
  const tables = [{ schema: 'scalar', name: 'asset' }]
  const database = { storages: ['ledger/default'], kind: 'dynamodb', title: 'dynamodb://eu-west-1', tables }
  const common = { region: 'eu-west-1', account: '1', prefix: '', metadataNamespace: 'm', coordinatorNamespace: 'c' }
  const details = { ...common, tables: [{ name: number > 7 && number < 9998 ? 'other' : 'scalar.asset' }] }
  const of = { operation: `backup-${number}`, kind: 'backup' as const, namespace: 'ns', releases: ['my'] }
  return {
    ...newRecord({ ...of, createdAt: at, plugin: '1' }),
    state: 'succeeded',
    finishedAt: at,
    exitCode: 0,
    findings: number % 100 === 0 ? findings : [],
    backup: { name: String(number), state: 'restorable', databases: [{ ...database, details }] },
  }
}

function configMapOf(number: number) {
  const record = recordOf(number)
  const metadata = { name: record.operation, labels: { [labels.operation]: record.operation, [labels.kind]: 'backup' } }
  return { metadata, data: { 'record.json': JSON.stringify(record) } }
}

const session = {
  namespace: 'ns',
  async request({ query = {} }: { query?: Record<string, string> }) {
    const [from, limit] = [Number(query['continue'] ?? 0), Number(query['limit'])]
    const until = Math.min(count, from + limit)
    const items = Array.from({ length: until - from }, (_, index) => configMapOf(from + index))
    const text = JSON.stringify({ items, metadata: until < count ? { continue: String(until) } : {} })
    return { text: async () => text }
  },
  core: { readNamespacedConfigMap: async () => configMapOf(7) },
  batch: {
    readNamespacedJob: async () => ({ status: {} }),
    listNamespacedJob: async () => ({ items: [] }),
  },
} as unknown as Session

const [deletion] = await planDeletion(session, ['backup-7'], true)
const backups = () => readableRecords(session, 'backup')
const asked = {
  strategy: undefined,
  prefix: undefined,
  at: '2026-11-21T10:00:00Z',
  repoint: undefined,
  region: undefined,
  kmsKey: undefined,
  dropPrevious: false,
  unknownVersion: false,
}
const { choice } = await chooseRestore(asked, recordOf(7), (kind) => (kind === 'backup' ? backups() : []))
const ending = await endedByRestore(recordOf(7), { choice, dropPrevious: true, others: backups() })
process.stdout.write(
  JSON.stringify({ deletion: deletion?.operation, unproven: choice?.unproven, ending: ending.length }),
)
