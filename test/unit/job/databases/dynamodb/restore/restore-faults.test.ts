import t from 'tap'
import { awsForRestores } from './restore-aws.ts'
import { restoreRequest, restoreStages, undoRequest, unprotect } from './restore-stage.ts'
import { undisturbed } from './restore-walk.ts'
import { worldOf } from './restored-world.ts'

const aws = await awsForRestores(t)

/** Every call that changes something; what is answered twice must have been done once. */
const changing = [
  'RestoreTableToPointInTime',
  'RestoreTableFromBackup',
  'CreateBackup',
  'DeleteTable',
  'DeleteBackup',
  'UpdateTable',
  'UpdateContinuousBackups',
  'UpdateTimeToLive',
  'TagResource',
  'PutItem',
  'DeleteItem',
  'RegisterScalableTarget',
  'PutScalingPolicy',
]

const troubles = {
  'answers that are lost after the effect': changing.map((operation) => ({
    operation,
    times: 2,
    effect: 'lost-answer' as const,
  })),
  'answers of 500 after the effect': changing.map((operation) => ({
    operation,
    times: 2,
    effect: 'lost-answer-500' as const,
  })),
  'throttling and a service that is away': [
    { operation: 'Describe*', skip: 5, times: 10, effect: 'throttle' as const },
    { operation: 'Restore*', times: 3, effect: 'throttle' as const },
    { operation: '*', skip: 40, times: 5, effect: 'unavailable' as const },
    { operation: '*', skip: 80, times: 3, effect: 'reset' as const },
  ],
  'credentials that expire in between': [
    { operation: '*', skip: 30, times: 2, effect: 'expired' as const },
    { operation: 'Restore*', skip: 1, times: 1, effect: 'expired' as const },
  ],
}

for (const [name, faults] of Object.entries(troubles)) {
  await t.test(`${name} stop neither way of restoring, nor the way back`, async (t) => {
    const [letter = ''] = name
    const mark = `${letter}${name.length}`
    const [prefix, replace] = await restoreStages(t, aws, [`a${mark}-`, `b${mark}-`], unprotect)
    aws.set({ faults })
    await undisturbed(t, prefix, restoreRequest(`a${mark}`, { prefix: `c${mark}-` }))
    aws.set({ faults })
    await undisturbed(t, replace, restoreRequest(`b${mark}`, { strategy: 'replace' }))
    const struck = aws.calls().filter(({ fault }) => fault !== undefined).length
    aws.set({ faults: [] })
    t.ok(struck > 4, `${struck} calls were struck`)
    t.strictSame((await worldOf(prefix.clients, `c${mark}-`)).tables, prefix.atPoint.tables)
    t.strictSame((await worldOf(replace.clients, `b${mark}-`)).tables, replace.atPoint.tables)
    aws.set({ faults })
    await undisturbed(t, replace, undoRequest(`b${mark}`))
    aws.set({ faults: [] })
    aws.forgetCalls()
    const { backups } = await worldOf(replace.clients, `b${mark}-`)
    t.equal(new Set(backups).size, 6, 'a system backup of each original and one of ours')
  })
}
