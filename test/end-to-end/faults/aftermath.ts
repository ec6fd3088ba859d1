import type { Test } from 'tap'
import { until } from '../stage/gates.ts'
import type { Stage } from '../stage/stage.ts'

interface Jobs {
  items: { metadata: { name: string }; status: { conditions?: { type: string; status: string }[] } }[]
}
interface Leases {
  items: { metadata: { name: string }; spec: { renewTime?: string; leaseDurationSeconds?: number } }[]
}

/**
 * Asserts that nothing of an operation goes on after it: every Job ends, of worker and guard, and no Lease is in the
 * way of the next.
 */
export async function nothingGoesOn(t: Test, stage: Stage): Promise<void> {
  const quiet = async () => [...(await activeJobs(stage)), ...(await heldLeases(stage))]
  await until('nothing goes on', async () => (await quiet()).length === 0).catch(() => undefined)
  t.strictSame(await quiet(), [], 'no Job goes on and no Lease is held')
}

async function activeJobs(stage: Stage): Promise<string[]> {
  const { items } = await stage.get<Jobs>(['jobs'])
  const ended = ['Complete', 'Failed', 'Suspended']
  return items.flatMap(({ metadata, status }) =>
    status.conditions?.some((one) => ended.includes(one.type) && one.status === 'True') ? [] : [metadata.name],
  )
}

/** A Lease that is no longer renewed is nobody's. */
async function heldLeases(stage: Stage): Promise<string[]> {
  const { items } = await stage.get<Leases>(['leases'])
  return items.flatMap(({ metadata, spec }) =>
    Date.parse(spec.renewTime ?? '') + (spec.leaseDurationSeconds ?? 0) * 1000 > Date.now() ? [metadata.name] : [],
  )
}
