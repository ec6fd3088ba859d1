import { posix } from 'node:path'
import type { V1Container, V1Pod, V1PodSpec, V1Volume } from '@kubernetes/client-node'
import { mounts } from '../../../../operation/request.ts'
import { readManifest } from '../../manifests.ts'

/** The name of the container of the administrator's own tool. */
export const ownToolContainer = 'own-tool'

/** What flags say of the administrator's own tool. */
export interface OwnTool {
  image: string
  /** the command line, its program first */
  command: readonly string[]
  env: Record<string, string>
  /** Secret whose keys become variables */
  secret: string | undefined
  limits: Record<string, string>
  /** key of a ConfigMap that a schema loader finds at mounts.loaderSchema */
  schema?: ConfigMapKey | undefined
}

/** One key of a ConfigMap. */
export interface ConfigMapKey {
  configMap: string
  key: string
}

/** The worker's pod with the container of the administrator's own tool, by manifests/job/own-tool.yaml. */
export function withOwnTool(pod: V1PodSpec, tool: OwnTool | undefined): V1PodSpec {
  const [worker] = pod.containers
  const added = readManifest<V1Pod>('job/own-tool').spec
  if (tool === undefined || worker === undefined || added === undefined || added === null) return pod
  const { image = '', imagePullPolicy } = worker
  const initContainers = (added.initContainers ?? []).map((container) => {
    if (container.name !== ownToolContainer)
      return { ...container, image, ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }) }
    const env = Object.entries(tool.env).map(([name, value]) => ({ name, value }))
    return {
      ...container,
      ...schemaMount(container, tool),
      image: tool.image,
      command: [...(container.command ?? []), ...tool.command.map(verbatim)],
      resources: { ...container.resources, ...limited(container.resources, tool.limits) },
      ...(env.length === 0 ? {} : { env }),
      ...(tool.secret === undefined ? {} : { envFrom: [{ secretRef: { name: tool.secret } }] }),
    }
  })
  return {
    ...pod,
    initContainers: [...(pod.initContainers ?? []), ...initContainers],
    containers: pod.containers.map((container) =>
      container === worker
        ? { ...container, volumeMounts: [...(container.volumeMounts ?? []), { name: 'exec', mountPath: mounts.exec }] }
        : container,
    ),
    volumes: [...(pod.volumes ?? []), ...(added.volumes ?? []), ...schemaVolume(tool)],
  }
}

function schemaMount({ volumeMounts = [] }: V1Container, { schema }: OwnTool): Pick<V1Container, 'volumeMounts'> {
  if (schema === undefined) return {}
  const mountPath = posix.dirname(mounts.loaderSchema)
  return { volumeMounts: [...volumeMounts, { name: 'schema', mountPath, readOnly: true }] }
}

function schemaVolume({ schema }: OwnTool): V1Volume[] {
  if (schema === undefined) return []
  const items = [{ key: schema.key, path: posix.basename(mounts.loaderSchema) }]
  return [{ name: 'schema', configMap: { name: schema.configMap, items } }]
}

/** The kubelet fills `$(NAME)` in; `$$(NAME)` stays as it is (Kubernetes API, Container.command). */
function verbatim(word: string): string {
  return word.replaceAll('$(', '$$$$(')
}

/** What is asked for at least is never more than the limit. */
function limited(
  resources: { requests?: Record<string, string>; limits?: Record<string, string> } | undefined,
  limits: Record<string, string>,
) {
  return {
    limits: { ...resources?.limits, ...limits },
    requests: { ...resources?.requests, ...limits },
  }
}
