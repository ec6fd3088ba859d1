import { buildExecutable } from '../../build/executable.ts'
import { buildWorkerImages, workerImage, workerSqlImage } from '../../build/images.ts'
import { awsImage, buildTestImages, ledgerImage, postgresqlImage } from '../../build/test-images.ts'
import { stopCluster } from '../local-kubernetes/local-cluster.ts'
import { useCluster, type TargetOptions } from '../local-kubernetes/target.ts'
import type { Plugin } from './plugin.ts'

/** A cluster that has every image, and the plugin as it is released. */
export interface Ground extends Plugin {
  kubectl: string
  images: { worker: string; workerSql: string; ledger: string; postgresql: string; aws: string }
  /** removes the local cluster; a cluster that was named is left as it is */
  down(): Promise<void>
}

/**
 * Builds what is not up to date, starts the local cluster unless a context was named, and gives it the images.
 * @throws Failure naming all that this machine lacks
 */
export async function prepareGround({
  cluster: name,
  ...options
}: TargetOptions & { cluster: string }): Promise<Ground> {
  const cluster = await useCluster({ ...options, name })
  const executable = await buildExecutable()
  const worker = await buildWorkerImages({ publishedBases: false })
  const test = await buildTestImages()
  await cluster.loadImages([worker.worker, worker.workerSql, test.ledger, test.postgresql, test.aws])
  return {
    executable,
    kubeconfig: cluster.kubeconfig,
    context: cluster.context,
    kubectl: cluster.kubectlPath,
    images: {
      worker: cluster.imageName(workerImage),
      workerSql: cluster.imageName(workerSqlImage),
      ledger: cluster.imageName(ledgerImage),
      postgresql: cluster.imageName(postgresqlImage),
      aws: cluster.imageName(awsImage),
    },
    down: async () => {
      if (options.context === undefined) await stopCluster(name)
    },
  }
}
