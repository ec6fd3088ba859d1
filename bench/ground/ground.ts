// Room: what is measured on: a cluster with a release, a namespace with very many records, tables of DynamoDB.
// Read ground, release, large-namespace, dynamodb-tables.

import { prepareGround } from '../../test/end-to-end/stage/ground.ts'
import { environmentOf } from '../../test/end-to-end/stage/stage.ts'
import type { TargetOptions } from '../../test/local-kubernetes/target.ts'

/**
 * The ground of the end-to-end tests, for this process: the cluster that SCALARDL_TEST_… names where it is prepared
 * already, else one with freshly built images.
 * @throws Failure naming all that this machine lacks
 */
export async function useGround(options: TargetOptions): Promise<{ down(): Promise<void> }> {
  if (process.env['SCALARDL_TEST_KUBECONFIG'] !== undefined) return { down: () => Promise.resolve() }
  const ground = await prepareGround({ ...options, cluster: 'bench' })
  Object.assign(process.env, environmentOf(ground))
  return ground
}
