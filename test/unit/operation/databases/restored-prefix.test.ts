import t from 'tap'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { dynamodb, restoredPrefix } from '../../../../operation/databases/dynamodb.ts'

const at = '2026-11-17T09:30:00.000Z'
const later = '2026-11-17T10:00:00.000Z'

function backupOf(prefix: string): DatabaseBackup {
  return {
    storages: ['ledger/default'],
    kind: 'dynamodb',
    title: 'dynamodb://eu-west-1',
    tables: [],
    snapshotAt: at,
    details: {
      region: 'eu-west-1',
      account: '123456789012',
      prefix,
      metadataNamespace: 'scalardb',
      coordinatorNamespace: 'coordinator',
      tables: [],
    },
  }
}

t.test('the plan shows the prefix that the worker gives the restored tables', async (t) => {
  for (const [former, choice, prefix] of [
    ['', {}, '1794907800-'],
    ['prod-', {}, '1794907800-prod-'],
    ['1794821400-prod-', {}, '1794907800-prod-'],
    ['prod-', { at: later }, '1794909600-prod-'],
    ['prod-', { prefix: 'mine-' }, 'mine-'],
  ] as const) {
    const pointMs = Date.parse('at' in choice ? choice.at : at)
    t.equal(restoredPrefix('prefix' in choice ? choice.prefix : undefined, former, pointMs), prefix)
    t.match((dynamodb.planLines?.(backupOf(former), choice) ?? []).join('\n'), `under the prefix "${prefix}"`)
  }
})
