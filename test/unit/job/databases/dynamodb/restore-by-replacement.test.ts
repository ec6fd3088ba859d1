import t from 'tap'
import { scaleRates } from '../../../../../job/databases/dynamodb/rate-limits.ts'
import { startAws } from '../../../../stand-ins/aws/aws.ts'
import { restoreRequest, restoreStages, undoRequest, unprotect } from './restore-stage.ts'
import { undisturbed } from './restore-walk.ts'
import { worldOf } from './restored-world.ts'

const phases = { createTable: 5, deleteTable: 20, updateTable: 5, createIndex: 20, restore: 50, createBackup: 30, timeToLive: 5 }
const aws = await startAws({ settings: { restorableLagMs: 100, phases, limits: { ratePerSecond: {} } } })
t.teardown(() => aws.stop())
t.setTimeout(120_000)
scaleRates(20)

const [ahead] = await restoreStages(t, aws, ['ahead-'], unprotect)

t.test('a restore in place asked for where the clock is two days ahead is done and undone', async (t) => {
  const former = await worldOf(ahead.clients, 'ahead-')
  const createdAt = new Date(Date.now() + 2 * 86_400_000).toISOString()
  await undisturbed(t, ahead, restoreRequest('ahead', { strategy: 'replace' }, { createdAt }))
  await undisturbed(t, ahead, undoRequest('ahead'))
  t.strictSame((await worldOf(ahead.clients, 'ahead-')).tables, former.tables)
})
