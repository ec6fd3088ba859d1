import { ApiException, type V1ConfigMap, type V1Lease } from '@kubernetes/client-node'
import type { Api } from '../../../../job/kubernetes/api.ts'

type Stored = V1ConfigMap | V1Lease
interface Named {
  name: string
}
interface WithBody<Kind> {
  body: Kind
}

/**
 * An API server that keeps ConfigMaps and Leases: create refuses what is there (409), replace what has changed since it
 * was read (409), patch merges, and what is not there is a 404 (Kubernetes API conventions, "Concurrency Control and
 * Consistency").
 */
export function storedObjects(): Api {
  const core = store<V1ConfigMap>()
  const coordination = store<V1Lease>()
  return {
    core: {
      readNamespacedConfigMap: core.read,
      createNamespacedConfigMap: core.create,
      replaceNamespacedConfigMap: core.replace,
      patchNamespacedConfigMap: core.patch,
      deleteNamespacedConfigMap: core.remove,
      listNamespacedConfigMap: core.list,
    },
    coordination: {
      readNamespacedLease: coordination.read,
      createNamespacedLease: coordination.create,
      replaceNamespacedLease: coordination.replace,
      deleteNamespacedLease: coordination.remove,
      listNamespacedLease: coordination.list,
    },
  } as unknown as Api
}

function store<Kind extends Stored>() {
  const objects = new Map<string, Kind>()
  let version = 0
  const refuse = (code: number, reason: string) => new ApiException(code, reason, JSON.stringify({ reason }), {})
  const keep = (object: Kind): Kind => {
    version += 1
    const kept = structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } })
    objects.set(object.metadata?.name ?? '', kept)
    return structuredClone(kept)
  }
  const present = (name: string): Kind => {
    const object = objects.get(name)
    if (object === undefined) throw refuse(404, 'NotFound')
    return object
  }
  const refuseStale = (expected: string | undefined, object: Kind) => {
    if (expected !== undefined && expected !== object.metadata?.resourceVersion) throw refuse(409, 'Conflict')
  }
  return {
    read: async ({ name }: Named) => structuredClone(present(name)),
    async create({ body }: WithBody<Kind>) {
      if (objects.has(body.metadata?.name ?? '')) throw refuse(409, 'AlreadyExists')
      return keep(body)
    },
    async replace({ name, body }: Named & WithBody<Kind>) {
      refuseStale(body.metadata?.resourceVersion, present(name))
      return keep(body)
    },
    async patch({ name, body }: Named & WithBody<Partial<V1ConfigMap>>) {
      const before = present(name)
      const data = { ...('data' in before ? before.data : {}), ...body.data }
      const metadata = {
        ...before.metadata,
        labels: { ...before.metadata?.labels, ...body.metadata?.labels },
        annotations: { ...before.metadata?.annotations, ...body.metadata?.annotations },
      }
      return keep({ ...before, metadata, data })
    },
    async remove({ name, body }: Named & { body?: { preconditions?: { resourceVersion?: string } } }) {
      refuseStale(body?.preconditions?.resourceVersion, present(name))
      objects.delete(name)
    },
    list: async ({ labelSelector = '' }: { labelSelector?: string }) => {
      const terms = labelSelector.split(',').filter((term) => term !== '')
      const fits = ({ metadata }: Kind) =>
        terms.every((term) => {
          const [key = '', value] = term.replace(/^!/, '').split('=')
          const found = metadata?.labels?.[key]
          if (term.startsWith('!')) return found === undefined
          return value === undefined ? found !== undefined : found === value
        })
      return { metadata: {}, items: structuredClone([...objects.values()].filter(fits)) }
    },
  }
}
