import t from 'tap'
import { casesTried } from '../../../../kills.ts'
import { awsForRestores } from '../restore-aws.ts'
import { dropRequest, restoreRequest, restoreStage, undoRequest, unprotect } from '../restore-stage.ts'
import { each, killedAt, plain, plainly, sameWorld, undisturbed } from '../restore-walk.ts'
import { worldOf } from '../restored-world.ts'

const aws = await awsForRestores(t)

t.test(
  'killed before and after every step, a restore under a prefix and its undo end as they would have without',
  async (t) => {
    const stage = await restoreStage(t, aws, 'prod-')
    const former = await worldOf(stage.clients, 'prod-')
    const whole = plain('whole')
    const restores = plainly(await undisturbed(t, stage, restoreRequest('whole', { prefix: 'whole-' })), whole)
    const wanted = await worldOf(stage.clients, 'whole-')
    const properties = stage.properties()
    const undos = plainly(await undisturbed(t, stage, undoRequest('whole')), whole)
    const putBack = stage.properties()
    t.comment(`${restores.length} moments of a restore, ${undos.length} of its undo`)
    t.ok(undos.length <= restores.length, 'each has its case')
    await each(casesTried([...restores.entries()]), async ([one, moment]) => {
      const release = await stage.sibling()
      const name = `k${one}x`
      const prefix = `${name}-`
      const names = plain(name)
      await killedAt(t, release, restoreRequest(name, { prefix }), moment, names)
      sameWorld(t, await worldOf(stage.clients, prefix), wanted, `all is there, killed at ${moment.step}`)
      t.equal(release.properties(), properties.replace('whole-', prefix))
      t.match(release.record(`restore-${name}`), { state: 'succeeded', restore: { serving: 'restored' } })
      const undo = undos[one]
      if (undo === undefined) return
      await killedAt(t, release, undoRequest(name), undo, names)
      t.equal(release.properties(), putBack, `the former are in service again, killed at ${undo.step}`)
    })
    sameWorld(t, await worldOf(stage.clients, 'prod-'), former, 'the former tables are as they were')
  },
)

t.test(
  'killed before and after every step, the removal of the former tables ends as it would have without',
  async (t) => {
    const open = (prefix: string) => restoreStage(t, aws, prefix, unprotect)
    const first = await open('d0x-')
    await undisturbed(t, first, restoreRequest('d0x', { prefix: 'new-d0x-' }))
    const drops = plainly(await undisturbed(t, first, dropRequest('d0x')), plain('d0x'))
    const wanted = await worldOf(first.clients, 'd0x-')
    await each(casesTried([...drops.entries()]), async ([one, moment]) => {
      const name = `d${one + 1}x`
      const stage = await open(`${name}-`)
      await undisturbed(t, stage, restoreRequest(name, { prefix: `new-${name}-` }))
      await killedAt(t, stage, dropRequest(name), moment, plain(name))
      sameWorld(t, await worldOf(stage.clients, `${name}-`), wanted, `removed, killed at ${moment.step}`)
    })
  },
)
