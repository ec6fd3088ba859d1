import t from 'tap'
import { dynamodb } from '../../../../operation/databases/dynamodb.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'

function backupOf(namespaces: readonly string[], details: object = {}, replicas: string[] = []): DatabaseBackup {
  return {
    storages: ['ledger/default', 'ledger/second'],
    kind: 'dynamodb',
    title: 'dynamodb://eu-west-1',
    tables: namespaces.map((schema) => ({ schema, name: 'state' })),
    snapshotAt: '2026-11-17T09:30:00.000Z',
    details: {
      region: 'eu-west-1',
      account: '123456789012',
      prefix: '',
      metadataNamespace: 'scalardb',
      coordinatorNamespace: 'coordinator',
      ...details,
      tables: namespaces.map((namespace) => ({ name: `${namespace}.state`, settings: { replicas } })),
    },
  }
}
const planOf = (entry: DatabaseBackup, choice = {}) => (dynamodb.planLines?.(entry, choice) ?? []).join('\n')

t.test('a plan names the replicas that no restore beside makes', async (t) => {
  const replicated = backupOf(['scalar', 'coordinator'], {}, ['us-east-1', 'ap-south-1'])
  t.match(planOf(replicated), /leave out the replicas of 2 global tables in ap-south-1, us-east-1, /)
  t.notMatch(planOf(backupOf(['scalar'])), /replicas/)
  t.notMatch(planOf(replicated, { strategy: 'replace' }), /leave out/, 'a restore in place refuses them')
})

t.test("the coordinator's tables of every storage belong to the releases", async (t) => {
  const namespaces = ['scalar', 'coordinator', 'second_coordinator']
  const whole = backupOf(namespaces, { coordinatorNamespaces: ['coordinator', 'second_coordinator'] })
  t.notMatch(planOf(whole), /go back as well/)
  t.match(planOf(backupOf(namespaces)), /the tables of second_coordinator go back as well/, 'where nothing tells so')
})
