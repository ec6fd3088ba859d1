import { until } from './gates.ts'
import type { Stage } from './stage.ts'

/**
 * Stops the workload of releases, so that their data can be checked. A rollout ends before its former pods do: a pod
 * that is told to end serves on until its decommissioning is over, and finishes what it had begun.
 */
export async function stopWriters(stage: Stage, ...deployments: string[]): Promise<void> {
  for (const deployment of deployments) await stage.kubectl(['set', 'env', deployment, 'STAND_IN_WORKERS=0'])
  await stage.rolledOut(...deployments)
  await until('the former pods have ended', async () => (await ending(stage)).length === 0, 120_000)
}

async function ending(stage: Stage): Promise<string[]> {
  const { items } = await stage.get<{ items: { metadata: { name: string; deletionTimestamp?: string } }[] }>(['pods'])
  return items.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(({ metadata }) => metadata.name)
}
