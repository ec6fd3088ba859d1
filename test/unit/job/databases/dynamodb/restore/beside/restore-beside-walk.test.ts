import t from 'tap'
import { scaleRates } from '../../../../../../../job/aws/rate-limits.ts'
import { startAws } from '../../../../../../stand-ins/aws/aws.ts'
import { dropRequest, restoreRequest, restoreStage, undoRequest, unprotect } from '../restore-stage.ts'
import { each, killedAt, sameWorld, undisturbed } from '../restore-walk.ts'
import { worldOf } from '../restored-world.ts'

const phases = {
  createTable: 5,
  deleteTable: 20,
  updateTable: 5,
  createIndex: 30,
  restore: 60,
  createBackup: 30,
  timeToLive: 5,
}
const aws = await startAws({ settings: { restorableLagMs: 100, phases, limits: { ratePerSecond: {} } } })
t.teardown(() => aws.stop())
t.setTimeout(600_000)
scaleRates(20)

t.test(
  'killed at every write of the journal in turn, a restore under a prefix and its undo end as they would have without',
  async (t) => {
    const stage = await restoreStage(t, aws, 'prod-')
    const former = await worldOf(stage.clients, 'prod-')
    const writes = await undisturbed(t, stage, restoreRequest('whole', { prefix: 'whole-' }))
    const wanted = await worldOf(stage.clients, 'whole-')
    const properties = stage.properties()
    await undisturbed(t, stage, undoRequest('whole'))
    const putBack = stage.properties()
    t.comment(`${writes} writes`)
    await each(
      Array.from({ length: writes }, (_, index) => index + 1),
      async (write) => {
        const release = await stage.sibling()
        const name = `k${write}`
        const prefix = `${name}-`
        await killedAt(t, release, restoreRequest(name, { prefix }), write, write % 3 > 0)
        sameWorld(t, await worldOf(stage.clients, prefix), wanted, `all is there, killed at write ${write}`)
        t.equal(release.properties(), properties.replace('whole-', prefix))
        t.match(release.record(`restore-${name}`), { state: 'succeeded', restore: { serving: 'restored' } })
        await killedAt(t, release, undoRequest(name), write, write % 3 !== 1)
        t.equal(release.properties(), putBack, `the former are in service again, killed at write ${write}`)
      },
    )
    sameWorld(t, await worldOf(stage.clients, 'prod-'), former, 'the former tables are as they were')
  },
)

t.test('killed at every write in turn, the removal of the former tables ends as it would have without', async (t) => {
  const open = (prefix: string) => restoreStage(t, aws, prefix, unprotect)
  const first = await open('d0-')
  await undisturbed(t, first, restoreRequest('d0', { prefix: 'new-d0-' }))
  const writes = await undisturbed(t, first, dropRequest('d0'))
  const wanted = await worldOf(first.clients, 'd0-')
  await each(
    Array.from({ length: writes }, (_, index) => index + 1),
    async (write) => {
      const prefix = `d${write}-`
      const stage = await open(prefix)
      await undisturbed(t, stage, restoreRequest(`d${write}`, { prefix: `new-d${write}-` }))
      await killedAt(t, stage, dropRequest(`d${write}`), write, write % 2 === 0)
      sameWorld(t, await worldOf(stage.clients, prefix), wanted, `removed, killed at write ${write}`)
    },
  )
})
