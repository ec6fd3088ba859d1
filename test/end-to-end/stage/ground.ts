import { buildExecutable } from '../../../build/executable.ts'
import { ownPlatform } from '../../../build/platforms/platforms.ts'
import { buildWorkerImages, workerImage, workerSqlImage } from '../../../build/images/worker-images.ts'
import {
  awsImage,
  azureImage,
  buildTestImages,
  h2Image,
  ledgerImage,
  mysqlImage,
  postgresqlImage,
  versitygwImage,
  type TestImages,
} from '../../../build/test-images.ts'
import { stopCluster } from '../../local-kubernetes/local-cluster.ts'
import { useCluster, type TargetOptions } from '../../local-kubernetes/target.ts'
import type { Plugin } from './plugin.ts'

/** A cluster that has every image, and the plugin as it is released. */
export interface Ground extends Plugin {
  kubectl: string
  images: TestImages & { worker: string; workerSql: string }
  /** gives the cluster one more image, and returns what it is called there */
  load(image: string, archive: string): Promise<string>
  /** removes the local cluster; a cluster that was named is left as it is */
  down(): Promise<void>
}

/** What is made of this project for a cluster: the executable, and the archives of the images. */
interface Built {
  executable: string
  archives: string[]
}

/** The name of the cluster of this machine that all end-to-end tests share; the fault matrix breaks its second node. */
export const clusterName = 'end-to-end'

/** Builds what is not up to date. */
export async function buildParts(): Promise<Built> {
  const executable = await buildExecutable()
  const worker = await buildWorkerImages(ownPlatform())
  const test = await buildTestImages()
  return { executable, archives: [worker.worker, worker.workerSql, ...Object.values(test)] }
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
  const { executable, archives } = await buildParts()
  await cluster.loadImages(archives)
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
      mysql: cluster.imageName(mysqlImage),
      h2: cluster.imageName(h2Image),
      aws: cluster.imageName(awsImage),
      azure: cluster.imageName(azureImage),
      versitygw: cluster.imageName(versitygwImage),
    },
    load: async (image, archive) => {
      await cluster.loadImages([archive])
      return cluster.imageName(image)
    },
    down: async () => {
      if (options.context === undefined) await stopCluster(name)
    },
  }
}
