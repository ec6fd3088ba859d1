import { backupOf, recordOf, rowsOf } from '../end-to-end/stage/records.ts'
import type { Demonstration } from './demonstration.ts'
import { stopWriters } from '../end-to-end/stage/writers.ts'

/**
 * The way from a release without a backup to one restored after damage.
 * @throws Error where anything is not as the reader is told
 */
export async function tour(demonstration: Demonstration): Promise<void> {
  const { stage } = demonstration
  demonstration.say(
    'A Ledger of three pods, each of whose transactions writes to two databases of a PostgreSQL server:',
  )
  const { deployment } = await demonstration.begin()
  await demonstration.run('install')
  await demonstration.run('doctor', 'my-ledger', '--to', 'pvc://backups/ledger')
  await demonstration.run('status')
  await demonstration.run('backup', 'my-ledger', '--to', 'pvc://backups/ledger', '--name', 'first')

  demonstration.say('Rows are deleted in one database and changed in the other:')
  await stage.kubectl(['exec', deployment, '--', 'node', '/app/main.mjs', 'damage'])
  // Without its workload the release leaves the data still, so that it can be compared.
  await stopWriters(stage, deployment)
  const damaged = await demonstration.show('after the damage', deployment)
  if (damaged.holds) throw new Error('the damage does not show')

  await demonstration.run('restore', 'first', '--database-secret', 'database-admin', '--yes')
  const restored = await demonstration.show('after the restore', deployment)
  const backup = backupOf(await recordOf(stage, 'backup-first'))
  const expected = rowsOf(backup, 'checking', 'transfer')
  if (!restored.holds || restored.details.transfersChecking !== expected)
    throw new Error('the restored data is not that of the restore point')
  demonstration.say(
    `The data of ${backup.restorePoint} is back: ${expected} transfers in both databases, as the backup counted them.`,
  )

  const { kubeconfig, context } = demonstration.ground
  demonstration.say(
    `Look around:  export KUBECONFIG=${kubeconfig}; ` +
      `kubectl --context ${context} -n ${stage.namespace} get all\nRemove it:    npm run quickstart -- --down`,
  )
}
