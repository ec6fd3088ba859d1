import t from 'tap'
import { casesTried } from '../../../../kills.ts'
import { awsForRestores } from '../restore-aws.ts'
import { dropRequest, restoreRequest, restoreStage, undoRequest, unprotect } from '../restore-stage.ts'
import { each, killedAt, plain, plainly, sameWorld, undisturbed } from '../restore-walk.ts'
import { worldOf } from '../restored-world.ts'

t.setTimeout(900_000)

/** A case has two kills: one in the restore, one in what follows it. */
t.test(
  'killed before and after every step, a restore in place, ' +
    'its undo and the removal of what it kept end as they would have without',
  async (t) => {
    const aws = await awsForRestores(t)
    const open = (prefix: string) => restoreStage(t, aws, prefix, unprotect)
    const undone = await open('undone-')
    const inPlace = { strategy: 'replace' } as const
    const whole = plain('undone-', 'undone')
    const restores = plainly(await undisturbed(t, undone, restoreRequest('undone', inPlace)), whole)
    const replaced = await worldOf(undone.clients, 'undone-')
    const undos = plainly(await undisturbed(t, undone, undoRequest('undone')), whole)
    const putBack = await worldOf(undone.clients, 'undone-')
    const dropped = await open('dropped-')
    await undisturbed(t, dropped, restoreRequest('dropped', inPlace))
    const drops = plainly(await undisturbed(t, dropped, dropRequest('dropped')), plain('dropped-', 'dropped'))
    const accepted = await worldOf(dropped.clients, 'dropped-')
    const count = Math.max(restores.length, undos.length + drops.length)
    t.comment(`${restores.length} moments of a restore, ${undos.length} of its undo, ${drops.length} of its acceptance`)

    await each(casesTried(Array.from({ length: count }, (_, one) => one)), async (one) => {
      const [prefix, name] = [`p${one}x-`, `k${one}x`]
      const names = plain(prefix, name)
      const stage = await open(prefix)
      const restore = restoreRequest(name, inPlace)
      const moment = restores[one]
      if (moment === undefined) await undisturbed(t, stage, restore)
      else await killedAt(t, stage, restore, moment, names)
      sameWorld(t, await worldOf(stage.clients, prefix), replaced, `all is there, case ${one}`)
      t.match(stage.record(`restore-${name}`), { state: 'succeeded', restore: { serving: 'restored' } })
      const undo = undos[one]
      const drop = drops[one - undos.length]
      if (undo !== undefined) {
        await killedAt(t, stage, undoRequest(name), undo, names)
        sameWorld(t, await worldOf(stage.clients, prefix), putBack, `undone, case ${one}`)
      } else if (drop !== undefined) {
        await killedAt(t, stage, dropRequest(name), drop, names)
        sameWorld(t, await worldOf(stage.clients, prefix), accepted, `accepted, case ${one}`)
      }
    })
  },
)
