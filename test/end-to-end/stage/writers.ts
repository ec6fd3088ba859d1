import type { Stage } from './stage.ts'

/** Stops the workload of releases, so that their data can be checked. */
export async function stopWriters(stage: Stage, ...deployments: string[]): Promise<void> {
  for (const deployment of deployments) await stage.kubectl(['set', 'env', deployment, 'STAND_IN_WORKERS=0'])
  await stage.rolledOut(...deployments)
}
