import type { Test } from 'tap'
import { Interrupted } from '../../../../job/process/interrupted.ts'
import { holdPause } from '../../../../job/pause/hold-pause.ts'
import { inMemoryCluster, type InMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, pauseRequest, type PauseRequest, type TestContext } from '../pausing-context.ts'
import { startLedgers, type Ledger } from '../servers/ledgers.ts'

export interface Scene extends TestContext<'pause'> {
  ledgers: [Ledger, Ledger, Ledger]
  cluster: InMemoryCluster
}

export async function three(t: Test, changes: Partial<PauseRequest> = {}, version: '2' | '4' = '4'): Promise<Scene> {
  const ledgers = (await startLedgers(3, { version })) as [Ledger, Ledger, Ledger]
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  return { ledgers, cluster, ...(await contextOf(pauseRequest(changes), cluster)) }
}

/** What a worker leaves that is killed inside its pause. The pause is let go at the end of the test. */
export async function killedInside(t: Test): Promise<Scene> {
  const scene = await three(t)
  const inside = Promise.withResolvers<void>()
  const killed = holdPause(scene.context, () => {
    inside.resolve()
    return new Promise(() => undefined)
  }).catch(() => undefined)
  await inside.promise
  t.teardown(() => {
    scene.stop.abort(new Interrupted('the test is over'))
    return killed
  })
  return scene
}

export const open = (ledgers: readonly Ledger[]) => ledgers.map(({ gate }) => gate.isOpen)
export const pauses = (ledgers: readonly Ledger[]) =>
  ledgers.flatMap(({ log }) => log.filter((line) => line.startsWith('Pause')))
export const unpauses = ({ log }: Ledger) => log.filter((line) => line === 'Unpause').length
