import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { V1ObjectMeta } from '@kubernetes/client-node'
import { newRecord, type OperationRecord } from '../../../../operation/record.ts'
import {
  configMapName,
  jobName,
  labels,
  managedBy,
  operationLabels,
  partKey,
  type OperationKind,
} from '../../../../operation/names.ts'
import type { Session } from '../../../../plugin/kubernetes/api/session.ts'
import { answerJson, answerStatus, sessionWith } from './api-server.ts'

interface Stored {
  kind?: string
  metadata?: Omit<V1ObjectMeta, 'creationTimestamp'> & { creationTimestamp?: string }
  [field: string]: unknown
}

/** RFC 7386, as application/merge-patch+json. */
function merged<T extends object>(target: T, patch: object): T {
  const result = new Map<string, unknown>(Object.entries(target))
  for (const [key, value] of Object.entries(patch)) {
    const before = result.get(key)
    if (value === null) result.delete(key)
    else if (typeof value === 'object' && !Array.isArray(value) && typeof before === 'object' && before !== null)
      result.set(key, merged(before, value))
    else result.set(key, value)
  }
  return Object.fromEntries(result) as T
}

/**
 * Objects behind the API's paths, with label selectors, pages and refused conflicts, as far as records and Jobs need
 * them.
 */
export class ObjectStore {
  readonly objects = new Map<string, Stored>()
  /** called before a write is looked at, to write in between */
  beforeWrite: (() => void) | undefined
  /** what every request meets: an HTTP status, or a connection that breaks */
  fault: number | 'broken' | undefined
  #version = 0

  async session(t: { teardown(run: () => void): unknown }): Promise<Session> {
    const { session, close } = await sessionWith((request, response, url) => void this.#answer(request, response, url))
    t.teardown(close)
    return session
  }

  put(collection: string, object: Stored): void {
    this.#version += 1
    const metadata = {
      creationTimestamp: '2026-11-21T09:00:00Z',
      ...object.metadata,
      namespace: 'ns',
      resourceVersion: String(this.#version),
    }
    this.objects.set(`${collection}/${metadata.name}`, { ...object, metadata })
  }

  record(record: Partial<OperationRecord> & { operation: string; kind: OperationKind }): void {
    const full = {
      ...newRecord({
        namespace: 'ns',
        releases: ['my-ledger'],
        createdAt: '2026-11-21T09:00:00.000Z',
        plugin: '0.1.0',
        ...record,
      }),
      ...record,
    }
    this.part(record.operation, record.kind, JSON.stringify(full))
  }

  part(operation: string, kind: OperationKind, json: string): void {
    const name = configMapName(operation, 'record')
    this.put('configmaps', {
      metadata: { name, labels: { ...operationLabels(operation, kind), [labels.part]: 'record' } },
      data: { [partKey('record')]: json },
    })
  }

  job(operation: string, kind: OperationKind, condition?: { type: string; reason?: string; message?: string }): void {
    const conditions = condition === undefined ? [] : [{ status: 'True', ...condition }]
    this.put('jobs', {
      metadata: {
        name: jobName(operation),
        labels: { ...operationLabels(operation, kind), [labels.managedBy]: managedBy },
      },
      status: { conditions },
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const body = request.method === 'GET' ? '' : await text(request)
    // Only now, since a request that came at the same time may have brought the fault.
    if (this.fault === 'broken') return void request.socket.destroy()
    if (this.fault !== undefined) return answerStatus(response, this.fault, 'refused by this test')
    const [collection = '', name] = url.pathname.split('/namespaces/ns/')[1]?.split('/') ?? []
    const key = `${collection}/${name}`
    if (request.method === 'GET' && name === undefined)
      return answerJson(response, this.#list(collection, url, request.headers.accept))
    if (request.method !== 'GET') this.beforeWrite?.()
    const present = this.objects.get(key)
    if (request.method === 'POST') {
      const object = JSON.parse(body) as Stored
      if (this.objects.has(`${collection}/${object.metadata?.name}`))
        return answerStatus(response, 409, 'already exists')
      this.put(collection, object)
      return answerJson(response, object, 201)
    }
    if (present === undefined) return answerStatus(response, 404, `${collection} "${name}" not found`)
    if (request.method === 'PUT') {
      const object = JSON.parse(body) as Stored
      if (object.metadata?.resourceVersion !== present.metadata?.resourceVersion)
        return answerStatus(response, 409, 'the object has been modified')
      this.put(collection, object)
    } else if (request.method === 'DELETE') this.objects.delete(key)
    else if (request.method === 'PATCH') this.put(collection, merged(present, JSON.parse(body)))
    return answerJson(response, this.objects.get(key) ?? {})
  }

  #list(collection: string, url: URL, accept: string | undefined): unknown {
    const wanted = (url.searchParams.get('labelSelector') ?? '').match(/[^,(]+(?:\([^)]*\))?/g) ?? []
    const matches = (object: Stored) =>
      wanted.every((part) => {
        const [, of = '', values] = /^(\S+) in \((.*)\)$/.exec(part) ?? []
        if (values !== undefined) return values.split(',').includes(object.metadata?.labels?.[of] ?? '')
        if (part.startsWith('!')) return object.metadata?.labels?.[part.slice(1)] === undefined
        const [label = '', value] = part.split('=')
        const has = object.metadata?.labels?.[label]
        return value === undefined ? has !== undefined : has === value
      })
    const items = [...this.objects]
      .filter(([key]) => key.startsWith(`${collection}/`))
      .map(([, object]) => object)
      .filter(matches)
    const limit = Number(url.searchParams.get('limit') ?? items.length)
    const from = Number(url.searchParams.get('continue') ?? 0)
    const more = from + limit < items.length
    const page = items.slice(from, from + limit)
    const metadata = more ? { continue: String(from + limit) } : {}
    if (accept?.includes('as=PartialObjectMetadataList') !== true) return { items: page, metadata }
    // A list of metadata alone that is empty has null in place of its items (seen on an API server of 1.35).
    return { items: page.length === 0 ? null : page.map((object) => ({ metadata: object.metadata })), metadata }
  }
}
