import { randomBytes } from 'node:crypto'
import { Timeline } from './timeline.ts'

/** A document as it is kept, its system properties included. */
export type Document = Readonly<Record<string, unknown>> & {
  readonly id: string
  readonly _ts: number
  readonly _etag: string
}

/** Settings of a container that ScalarDB or a restore cares about, as both planes write them. */
export interface ContainerSettings {
  indexingPolicy: Record<string, unknown>
  partitionKey: { paths: string[]; kind: string; version?: number }
  /** s; -1: documents expire by their own `ttl` alone; absent: never */
  defaultTtl?: number
  uniqueKeyPolicy: Record<string, unknown>
  conflictResolutionPolicy: Record<string, unknown>
  [more: string]: unknown
}

export type Throughput = { manual: number } | { autoscaleMax: number }

/** Kinds of what runs inside a container, as the data plane names them in paths. */
export const scriptKinds = ['sprocs', 'triggers', 'udfs'] as const
export type ScriptKind = (typeof scriptKinds)[number]

/** A stored procedure, trigger or function; its body is kept byte for byte. */
export interface Script {
  id: string
  body: string
  rid: string
  etag: string
  ts: number
  triggerType?: string
  triggerOperation?: string
}

export const newRid = (bytes: number): string => randomBytes(bytes).toString('base64').replaceAll('/', '-')
export const newEtag = (): string =>
  `"${randomBytes(8).toString('hex')}-0000-0000-0000-${randomBytes(6).toString('hex')}"`

const defaultIndexing = {
  indexingMode: 'consistent',
  automatic: true,
  includedPaths: [{ path: '/*' }],
  excludedPaths: [{ path: '/"_etag"/?' }],
}

/** What a container has where its making does not say otherwise. */
export function containerSettings(asked: Record<string, unknown>): ContainerSettings {
  const { id: _id, ...more } = asked
  return {
    uniqueKeyPolicy: { uniqueKeys: [] },
    conflictResolutionPolicy: {
      mode: 'LastWriterWins',
      conflictResolutionPath: '/_ts',
      conflictResolutionProcedure: '',
    },
    geospatialConfig: { type: 'Geography' },
    ...more,
    indexingPolicy: {
      indexingMode: 'consistent',
      automatic: true,
      ...((more['indexingPolicy'] ?? defaultIndexing) as object),
    },
    partitionKey: { kind: 'Hash', paths: ['/_partitionKey'], ...((more['partitionKey'] ?? {}) as object) },
  }
}

/** A container: its documents with all that they were, its settings likewise, and its scripts. */
export class Container {
  readonly name: string
  readonly rid = newRid(8)
  readonly createdMs: number
  deletedMs: number | undefined
  readonly settings = new Timeline<ContainerSettings>()
  readonly throughput = new Timeline<Throughput>()
  readonly scripts: Record<ScriptKind, Map<string, Script>> = {
    sprocs: new Map(),
    triggers: new Map(),
    udfs: new Map(),
  }
  etag = newEtag()
  tsMs: number
  /** by partition, then by id */
  readonly #partitions = new Map<string, Map<string, Timeline<Document>>>()
  indexing: 'under way' | 'done' = 'done'

  constructor(name: string, atMs: number, settings: ContainerSettings, throughput: Throughput | undefined) {
    this.name = name
    this.createdMs = atMs
    this.tsMs = atMs
    this.settings.set(atMs, settings)
    this.throughput.set(atMs, throughput)
  }

  get current(): ContainerSettings {
    const settings = this.settings.now
    if (settings === undefined) throw new Error(`container ${this.name} has no settings`)
    return settings
  }

  replaceSettings(atMs: number, settings: ContainerSettings): void {
    this.settings.set(atMs, settings)
    this.etag = newEtag()
    this.tsMs = atMs
  }

  /** The values that a document has at the container's partition key paths, as JSON; `{}` where it has none. */
  partitionOf(document: Record<string, unknown>): string {
    const values = this.current.partitionKey.paths.map((path) =>
      path
        .split('/')
        .slice(1)
        .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document),
    )
    return JSON.stringify(values.map((value) => (value === undefined ? {} : value)))
  }

  #expired(document: Document, atMs: number): boolean {
    const { defaultTtl } = this.current
    if (defaultTtl === undefined) return false
    const ttl = typeof document['ttl'] === 'number' ? document['ttl'] : defaultTtl
    return ttl >= 0 && (document['_ts'] + ttl) * 1000 <= atMs
  }

  document(partition: string, id: string, atMs: number): Document | undefined {
    const document = this.#partitions.get(partition)?.get(id)?.now
    return document === undefined || this.#expired(document, atMs) ? undefined : document
  }

  /** @param document undefined deletes */
  write(partition: string, id: string, atMs: number, document: Document | undefined): void {
    const inside = this.#partitions.get(partition) ?? new Map<string, Timeline<Document>>()
    this.#partitions.set(partition, inside)
    const known = inside.get(id) ?? new Timeline<Document>()
    inside.set(id, known)
    known.set(atMs, document)
  }

  /** All documents, or those of one partition. */
  documents(atMs: number, partition?: string): Document[] {
    const timelines =
      partition === undefined
        ? [...this.#partitions.values()].flatMap((inside) => [...inside.values()])
        : [...(this.#partitions.get(partition)?.values() ?? [])]
    return timelines
      .map(({ now }) => now)
      .filter((document) => document !== undefined)
      .filter((document) => !this.#expired(document, atMs))
  }

  /** Another container with the documents and settings of a moment, and without all that a restore forgets. */
  copyAt(
    momentMs: number,
    { atMs, ttl, throughput }: { atMs: number; ttl: 'kept' | 'disabled'; throughput: Throughput | undefined },
  ): Container {
    const settings = { ...(this.settings.at(momentMs) ?? this.current) }
    if (ttl === 'disabled') delete settings.defaultTtl
    const copy = new Container(this.name, atMs, settings, throughput)
    for (const [partition, inside] of this.#partitions) {
      for (const [id, timeline] of inside) {
        const document = timeline.at(momentMs)
        if (document !== undefined) copy.write(partition, id, atMs, document)
      }
    }
    return copy
  }

  existedAt(ms: number): boolean {
    return this.createdMs <= ms && (this.deletedMs === undefined || this.deletedMs > ms)
  }
}
