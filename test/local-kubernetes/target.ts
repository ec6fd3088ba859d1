import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { Failure } from '../../operation/failure.ts'
import { buildah } from '../../build/buildah.ts'
import { run } from '../../build/processes.ts'
import { findProgram } from '../../build/requirements.ts'
import { areBuilt, components } from './components.ts'
import { startCluster } from './local-cluster.ts'

/** A cluster that tests run against: this machine's own, or one that was named. */
export interface TargetCluster {
  /** path of a kubeconfig; use it with `context`, so that a current context never matters */
  readonly kubeconfig: string
  readonly context: string
  readonly kubectlPath: string
  /** gives the cluster the images of OCI archives, each with the name that it has there */
  loadImages(archives: string[]): Promise<void>
  /** what an image of such an archive is called in this cluster's pods */
  imageName(name: string): string
}

export interface TargetOptions {
  /** a context of the kubeconfig; without one the cluster is this machine's own */
  context?: string | undefined
  /** KUBECONFIG's file, or kubectl's usual one, when not given */
  kubeconfig?: string | undefined
  /** a shell command that gives the cluster the images of {archive}: `kind load image-archive {archive}` */
  imageLoad?: string | undefined
  /** a registry that the cluster pulls from, as in registry.example.com/tests: images are pushed there instead */
  registry?: string | undefined
  /** of a cluster of this machine: its name, and how many nodes at least */
  name?: string
  nodes?: number
}

/**
 * The cluster of the context that was named, touched by nothing but the tests; without a name this machine's own,
 * started if need be.
 */
export async function useCluster(options: TargetOptions): Promise<TargetCluster> {
  const { context, imageLoad, registry, name: own = 'default', nodes = 1 } = options
  if (context === undefined) {
    const cluster = await startCluster({ name: own, nodes })
    const { kubeconfig, kubectlPath } = cluster
    const loadImages = (archives: string[]) => cluster.loadImages(archives)
    return { kubeconfig, context: cluster.context, kubectlPath, loadImages, imageName: (name) => name }
  }
  const kubeconfig = kubeconfigOf(options)
  const kubectlPath = kubectlProgram()
  await run(kubectlPath, ['--kubeconfig', kubeconfig, '--context', context, 'get', '--raw', '/version'], {
    timeoutMs: 20_000,
  })
  if (registry !== undefined) {
    const imageName = (name: string) => `${registry}/${name.slice(name.lastIndexOf('/') + 1)}`
    return { kubeconfig, context, kubectlPath, imageName, loadImages: (archives) => pushAll(archives, imageName) }
  }
  if (imageLoad?.includes('{archive}')) {
    return {
      kubeconfig,
      context,
      kubectlPath,
      imageName: (name) => name,
      loadImages: (archives) => loadAll(archives, imageLoad),
    }
  }
  throw new Failure({
    what: `The images of the tests cannot reach the cluster ${context}`,
    why: 'neither a registry nor a command with {archive} that loads an image was given',
    next: "Add --registry HOST/PATH, or --image-load 'kind load image-archive {archive}'.",
  })
}

function kubeconfigOf({ kubeconfig }: TargetOptions): string {
  if (kubeconfig !== undefined) return resolve(kubeconfig)
  const files = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean)
  if (files.length <= 1) return files[0] ?? join(homedir(), '.kube', 'config')
  throw new Failure({
    what: 'It is not clear which kubeconfig holds the context',
    why: `KUBECONFIG names several files: ${files.join(', ')}`,
    next: 'Name the one by --kubeconfig.',
  })
}

function kubectlProgram(): string {
  const program = areBuilt() ? components().kubectl : findProgram('kubectl')
  if (program !== undefined) return program
  throw new Failure({
    what: 'There is no kubectl',
    why: 'none is on PATH, and the one of the local cluster has not been compiled',
    next: 'Install kubectl, or run `node test/local-kubernetes/main.ts up` once.',
  })
}

async function pushAll(archives: string[], imageName: (name: string) => string): Promise<void> {
  for (const archive of archives) {
    const id = (await buildah(['pull', '--quiet', `oci-archive:${archive}`])).trim()
    const index = JSON.parse(
      await run('tar', ['--extract', '--to-stdout', '--file', archive, 'index.json']),
    ) as OciIndex
    for (const { annotations } of index.manifests) {
      const name = annotations?.['org.opencontainers.image.ref.name']
      if (name !== undefined) await buildah(['push', id, `docker://${imageName(name)}`])
    }
  }
}

interface OciIndex {
  manifests: { annotations?: Record<string, string> }[]
}

async function loadAll(archives: string[], command: string): Promise<void> {
  for (const archive of archives) {
    // The path is an argument of the shell, not part of its text.
    await run('sh', ['-euc', command.replaceAll('{archive}', '"$1"'), 'sh', resolve(archive)], { timeoutMs: 600_000 })
  }
}
