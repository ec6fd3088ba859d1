import { setTimeout as sleep } from 'node:timers/promises'
import { instanceLabel } from '../../../operation/product.ts'
import type { FaultSettings } from '../../stand-ins/ledger/gate/faults.ts'
import type { Stage } from './stage.ts'

/** Which pods of a release are paused, asked in each of them. */
export async function pausedPods(stage: Stage, release = 'my'): Promise<string[]> {
  const pods = await stage.pods(`${instanceLabel}=${release}`)
  const states = await Promise.all(
    pods.map(async (pod) => {
      const { paused } = JSON.parse(await stage.kubectl(['exec', pod, '--', 'node', '/app/main.mjs', 'state'])) as {
        paused: boolean
      }
      return paused ? [pod] : []
    }),
  )
  return states.flat()
}

/**
 * Has one pod of a release do something wrong.
 * @returns what heals that pod, whichever others have joined or left since
 */
export async function hurtOne(stage: Stage, faults: FaultSettings, release = 'my'): Promise<() => Promise<void>> {
  const [pod = ''] = await stage.pods(`${instanceLabel}=${release}`)
  const replaceFaults = async (by: FaultSettings) => {
    await stage.kubectl(['exec', pod, '--', 'node', '/app/main.mjs', 'faults', JSON.stringify(by)])
  }
  await replaceFaults(faults)
  return () => replaceFaults({})
}

/**
 * Asks until it is so, a few times a second.
 * @throws Error naming what was waited for, after the time (ms)
 */
export async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 240_000): Promise<void> {
  const endMs = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error(`waited in vain until ${what}`)
    await sleep(200)
  }
}
