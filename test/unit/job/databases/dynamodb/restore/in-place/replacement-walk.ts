import type { Test } from 'tap'
import { scaleRates } from '../../../../../../../job/aws/rate-limits.ts'
import { startAws } from '../../../../../../stand-ins/aws/aws.ts'
import { dropRequest, restoreRequest, restoreStage, undoRequest, unprotect } from '../restore-stage.ts'
import { each, killedAt, sameWorld, undisturbed } from '../restore-walk.ts'
import { worldOf } from '../restored-world.ts'

const phases = {
  createTable: 5,
  deleteTable: 30,
  updateTable: 5,
  createIndex: 30,
  restore: 60,
  createBackup: 30,
  timeToLive: 5,
}

/**
 * Kills restores in place, their undo and their acceptance at writes of the journal.
 * @param isTurn which writes; two files share them, since each takes its time
 */
export async function walkReplacements(t: Test, isTurn: (write: number) => boolean): Promise<void> {
  const aws = await startAws({ settings: { restorableLagMs: 100, phases, limits: { ratePerSecond: {} } } })
  t.teardown(() => aws.stop())
  scaleRates(20)
  const open = (prefix: string) => restoreStage(t, aws, prefix, unprotect)
  const undone = await open('undone-')
  const writes = await undisturbed(t, undone, restoreRequest('undone', { strategy: 'replace' }))
  const replaced = await worldOf(undone.clients, 'undone-')
  await undisturbed(t, undone, undoRequest('undone'))
  const putBack = await worldOf(undone.clients, 'undone-')
  const dropped = await open('dropped-')
  await undisturbed(t, dropped, restoreRequest('dropped', { strategy: 'replace' }))
  await undisturbed(t, dropped, dropRequest('dropped'))
  const accepted = await worldOf(dropped.clients, 'dropped-')
  t.comment(`${writes} writes`)

  await each(Array.from({ length: writes }, (_, index) => index + 1).filter(isTurn), async (write) => {
    const prefix = `p${write}-`
    const stage = await open(prefix)
    const name = `k${write}`
    await killedAt(t, stage, restoreRequest(name, { strategy: 'replace' }), write, write % 3 > 0)
    sameWorld(t, await worldOf(stage.clients, prefix), replaced, `all is there, killed at write ${write}`)
    t.match(stage.record(`restore-${name}`), { state: 'succeeded', restore: { serving: 'restored' } })
    const accept = write % 4 === 0
    await killedAt(
      t,
      stage,
      accept ? dropRequest(name) : undoRequest(name),
      accept ? write / 4 : write,
      write % 3 !== 1,
    )
    sameWorld(
      t,
      await worldOf(stage.clients, prefix),
      accept ? accepted : putBack,
      `${accept ? 'accepted' : 'undone'}, killed at write ${write}`,
    )
  })
}
