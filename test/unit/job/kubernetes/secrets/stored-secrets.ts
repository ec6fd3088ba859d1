import { ApiException, type V1ObjectMeta, type V1Secret } from '@kubernetes/client-node'
import type { Api } from '../../../../../job/kubernetes/api.ts'

/** Secrets of a namespace, as an API server keeps them. */
export interface StoredSecrets {
  api: Pick<Api, 'core'>
  /** what the worker's Role names, with its verbs */
  granted: Map<string, ReadonlySet<string>>
  put(
    name: string,
    data: Record<string, string | Buffer>,
    more?: { metadata?: V1ObjectMeta; immutable?: boolean },
  ): void
  data(name: string): Record<string, string> | undefined
  /** verb and name of every request, refused or not */
  asked: string[]
  /** the HTTP status that a read fails with */
  unreadable?: number | undefined
  /** called before a change is made, as somebody else's would be */
  meanwhile?: (() => void) | undefined
}

/**
 * An API server that keeps Secrets: a name that the Role does not grant is a 403, whether it is there or not; what is
 * not there is a 404; a patch merges (RFC 7386), is refused where the version that it names is not the present one
 * (409) or the Secret is immutable and its data would change (422), and changes nothing with dryRun=All (Kubernetes API
 * reference, "Secret", "API Concepts").
 */
export function storedSecrets(): StoredSecrets {
  const objects = new Map<string, V1Secret>()
  let version = 0
  const refuse = (code: number, message: string) =>
    new ApiException(code, message, JSON.stringify({ kind: 'Status', message }), {})
  const stored: StoredSecrets = {
    granted: new Map(),
    asked: [],
    put(name, data, { metadata, immutable } = {}) {
      version += 1
      objects.set(name, {
        metadata: { ...metadata, name, resourceVersion: String(version) },
        data: Object.fromEntries(
          Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
        ),
        ...(immutable === undefined ? {} : { immutable }),
      })
    },
    data(name) {
      const { data } = objects.get(name) ?? {}
      return (
        data &&
        Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]))
      )
    },
    api: {
      core: {
        readNamespacedSecret: async ({ name }: { name: string }) => {
          if (stored.unreadable !== undefined) throw refuse(stored.unreadable, 'unreadable')
          allow('get', name)
          return structuredClone(present(name))
        },
        patchNamespacedSecret: async ({ name, body, dryRun }: { name: string; body: Patch; dryRun?: string }) => {
          allow('patch', name)
          if (dryRun === undefined) stored.meanwhile?.()
          const before = present(name)
          const expected = body.metadata?.resourceVersion
          if (expected !== undefined && expected !== before.metadata?.resourceVersion) throw refuse(409, 'Conflict')
          if (before.immutable === true && body.data !== undefined) throw refuse(422, `Secret ${name} is immutable`)
          const data = Object.fromEntries(
            Object.entries({ ...before.data, ...body.data }).flatMap(([key, text]) =>
              text === null ? [] : [[key, text]],
            ),
          )
          if (dryRun !== undefined) return structuredClone(before)
          version += 1
          const after = { ...before, data, metadata: { ...before.metadata, resourceVersion: String(version) } }
          objects.set(name, after)
          return structuredClone(after)
        },
      } as unknown as Api['core'],
    },
  }
  const allow = (verb: string, name: string) => {
    stored.asked.push(`${verb} ${name}`)
    if (stored.granted.get(name)?.has(verb) !== true)
      throw refuse(403, `secrets "${name}" is forbidden: User "worker" cannot ${verb} resource "secrets"`)
  }
  const present = (name: string) => {
    const found = objects.get(name)
    if (found === undefined) throw refuse(404, `secrets "${name}" not found`)
    return found
  }
  return stored
}

interface Patch {
  metadata?: { resourceVersion?: string }
  data?: Record<string, string | null>
}
