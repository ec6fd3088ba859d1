import t from 'tap'
import { awsForRestores } from '../restore-aws.ts'
import { restoreRequest, restoreStages, undoRequest, unprotect } from '../restore-stage.ts'
import { undisturbed } from '../restore-walk.ts'
import { worldOf } from '../restored-world.ts'

const prompt = { appearance: 0, disappearance: 0, backupAppearance: 0 }
const aws = await awsForRestores(t)

const [short, long, failing, listed] = await restoreStages(
  t,
  aws,
  ['short-', 'long-', 'failing-', 'listed-'],
  unprotect,
)

for (const [stage, disappearance] of [
  [short, 30],
  [long, 400],
] as const) {
  const name = stage.installation.prefix.slice(0, -1)
  await t.test(
    'deleted tables that are still to be seen as they were for a ' +
      `${name} time stop neither a restore in place nor its undo`,
    async (t) => {
      const former = await worldOf(stage.clients, stage.installation.prefix)
      aws.set({ phases: { disappearance, appearance: 30 } })
      await undisturbed(t, stage, restoreRequest(name, { strategy: 'replace' }))
      aws.set({ phases: prompt })
      t.strictSame((await worldOf(stage.clients, stage.installation.prefix)).tables, stage.atPoint.tables)
      aws.set({ phases: { disappearance, appearance: 30 } })
      await undisturbed(t, stage, undoRequest(name))
      aws.set({ phases: prompt })
      t.strictSame((await worldOf(stage.clients, stage.installation.prefix)).tables, former.tables)
    },
  )
}

t.test(
  'originals that are still to be seen although they were deleted are put back where the restore failed',
  async (t) => {
    const former = await worldOf(failing.clients, 'failing-')
    aws.set({
      phases: { disappearance: 1500, backupAppearance: 300 },
      faults: [
        {
          operation: 'DeleteTable',
          table: 'failing-scalar.contract',
          delayMs: 200,
          effect: 'error',
          error: { code: 'ValidationException', message: 'not today' },
        },
      ],
    })
    t.equal((await failing.worker(restoreRequest('failing', { strategy: 'replace' }))).code, 1)
    aws.set({ phases: prompt, faults: [] })
    t.match(failing.record('restore-failing'), { failure: { why: /not today/ }, restore: { serving: 'previous' } })
    t.equal(failing.replicas(), 3)
    t.strictSame((await worldOf(failing.clients, 'failing-')).tables, former.tables)
  },
)

t.test('backups that are not listed at first are waited for', async (t) => {
  const former = await worldOf(listed.clients, 'listed-')
  aws.set({ phases: { backupAppearance: 500 } })
  await undisturbed(t, listed, restoreRequest('listed', { strategy: 'replace' }))
  await undisturbed(t, listed, undoRequest('listed'))
  aws.set({ phases: prompt })
  t.strictSame((await worldOf(listed.clients, 'listed-')).tables, former.tables)
})
