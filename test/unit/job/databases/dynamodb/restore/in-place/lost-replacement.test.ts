import t from 'tap'
import { awsForRestores } from '../restore-aws.ts'
import { restoreRequest, restoreStages, unprotect } from '../restore-stage.ts'

const aws = await awsForRestores(t)

const [stage] = await restoreStages(t, aws, ['lost-'], unprotect)
const { client, tables } = stage.installation

async function idsOf(): Promise<(string | undefined)[]> {
  const found = await Promise.all(tables.map((table) => client.describeTable({ TableName: table })))
  return found.map(({ Table: table }) => table?.TableId)
}

t.test('no original is deleted once what was to take its place is gone', async (t) => {
  const formerTables = await idsOf()
  let isGone = false
  /** Somebody deletes the backups after all of them were seen for the last time before the first deletion. */
  const after = async (operation: string): Promise<void> => {
    if (stage.replicas() > 0 || isGone) return
    // a table that is about to be deleted is asked whether AWS keeps it
    if (operation !== 'DescribeContinuousBackups') return
    isGone = true
    const { BackupSummaries: backups = [] } = await client.listBackups({ BackupType: 'USER' })
    for (const { BackupArn, BackupName } of backups)
      if (BackupName?.startsWith('restoring.') === true) await client.deleteBackup({ BackupArn })
  }
  const { code } = await stage.worker(restoreRequest('a', { strategy: 'replace' }), { after })
  t.ok(isGone)
  t.not(code, 0)
  t.match(stage.record('restore-a')?.failure?.why, /not AVAILABLE/)
  t.strictSame(await idsOf(), formerTables, 'the originals are all there')
  t.equal(stage.replicas(), 3, 'and the release serves')
})
