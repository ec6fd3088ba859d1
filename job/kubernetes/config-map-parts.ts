import { randomUUID } from 'node:crypto'
import type { V1ConfigMap } from '@kubernetes/client-node'
import { Failure } from '../../operation/failure.ts'
import {
  annotations,
  configMapName,
  labels,
  kindOf,
  operationLabels,
  partKey,
  type Part,
} from '../../operation/names.ts'
import { GaveWay } from '../process/gave-way.ts'
import type { Api } from './api.ts'
import { ask, askIfAny, statusOf } from './ask.ts'
import { noRecord, type Patience } from './cluster.ts'

/** A ConfigMap that this worker read or wrote, as it was then. */
interface Known {
  map: V1ConfigMap
  json: string
}

/** What is written into a ConfigMap. */
interface Written {
  operation: string
  part: Part
  json: string
  releases: readonly string[] | undefined
  /** beside those of every part; undefined leaves them as they are */
  labels: Record<string, string> | undefined
}

/** What one ConfigMap of a part holds. */
export interface PartData {
  operation: string
  json: string
  /** all its keys */
  data: Record<string, string>
}

/** The parts of operations that live in ConfigMaps: records and journals. */
export interface ConfigMapParts {
  read(operation: string, part: Part): Promise<string | undefined>
  /**
   * The ConfigMaps of one part in the namespace, page by page, since there may be thousands. @param selector beyond the
   * part
   */
  each(part: Part, selector?: string): AsyncGenerator<PartData>
  /**
   * Makes this process the only writer of an operation's parts, those that are there and those that it makes: whoever
   * wrote them before gives way with its next write.
   */
  takeOver(operation: string): Promise<void>
  /**
   * Creates or replaces; of an operation that was not taken over the last to write is right.
   * @throws GaveWay where another process has taken the operation over since
   */
  write(
    operation: string,
    part: Part,
    content: { json: string; releases?: readonly string[]; labels?: Record<string, string> },
    patience?: Patience,
  ): Promise<void>
  /**
   * another key of the ConfigMap of a part, as it was when that was last read or written; undefined where there was
   * none
   */
  beside(operation: string, part: Part, key: string): string | undefined
  /**
   * One look at a key of the ConfigMap of a part; what this worker knows of it stays as it is.
   * @throws ApiException, or where there is no answer
   */
  peek(operation: string, part: Part, key: string): Promise<string | undefined>
  /**
   * Writes one key of an operation's record, and leaves all others to their own writers.
   * @throws Failure where there is no record, or no answer
   */
  patchRecord(operation: string, key: string, text: string): Promise<void>
  remove(operation: string, part: Part): Promise<void>
}

/** What etcd takes by default, less room for the rest of the object. */
const longestBytes = 1024 * 1024 - 16 * 1024
const tries = 5
/** A page is of as many parts as come to this length, by the length of those before; the first is of a few. */
const pageBytes = 8 * 1024 * 1024
const [firstPage, mostPage] = [10, 100]

export function configMapParts({ core }: Api, namespace: string): ConfigMapParts {
  const known = new Map<string, Known>()
  const writer = randomUUID()
  const takenOver = new Set<string>()

  function remember(map: V1ConfigMap, part: Part): string | undefined {
    const json = map.data?.[partKey(part)]
    known.set(map.metadata?.name ?? '', { map, json: json ?? '' })
    return json
  }

  async function fetchMap(name: string, patience?: Patience): Promise<V1ConfigMap | undefined> {
    return askIfAny(`get the configmap ${name}`, () => core.readNamespacedConfigMap({ name, namespace }), patience)
  }

  /** @param map as it is now; undefined to create it */
  async function writeOnce(
    map: V1ConfigMap | undefined,
    { operation, part, json, releases, labels: own }: Written,
    patience?: Patience,
  ): Promise<void> {
    const name = configMapName(operation, part)
    const data = { ...map?.data, [partKey(part)]: json }
    if (map === undefined) {
      const metadata = {
        name,
        labels: { ...operationLabels(operation, kindOf(operation) ?? 'backup'), [labels.part]: part, ...own },
        annotations: {
          ...(releases !== undefined && { [annotations.releases]: releases.join(',') }),
          ...(takenOver.has(operation) && { [annotations.writer]: writer }),
        },
      }
      remember(
        await ask(
          `create the configmap ${name}`,
          () => core.createNamespacedConfigMap({ namespace, body: { metadata, data } }),
          patience,
        ),
        part,
      )
    } else {
      const { [labels.ended]: _ended, ...others } = map.metadata?.labels ?? {}
      const metadata = { ...map.metadata, ...(own === undefined ? {} : { labels: { ...others, ...own } }) }
      remember(
        await ask(
          `update the configmap ${name}`,
          () => core.replaceNamespacedConfigMap({ name, namespace, body: { ...map, metadata, data } }),
          patience,
        ),
        part,
      )
    }
  }

  return {
    async read(operation, part) {
      const map = await fetchMap(configMapName(operation, part))
      return map === undefined ? undefined : remember(map, part)
    },
    async *each(part, selector) {
      const labelSelector = [`${labels.part}=${part}`, ...(selector === undefined ? [] : [selector])].join(',')
      let next: string | undefined
      let limit = firstPage
      do {
        const from = next === undefined ? {} : { _continue: next }
        const page = await ask('list configmaps', () =>
          core.listNamespacedConfigMap({ namespace, labelSelector, limit, ...from }),
        )
        for (const { metadata, data = {} } of page.items) {
          const [operation, json] = [metadata?.labels?.[labels.operation], data[partKey(part)]]
          if (operation !== undefined && json !== undefined) yield { operation, json, data }
        }
        const { _continue: token } = page.metadata ?? {}
        next = token
        const bytes = page.items.reduce((sum, { data }) => sum + (data?.[partKey(part)]?.length ?? 0), 1)
        limit = Math.max(1, Math.min(mostPage, Math.floor((page.items.length * pageBytes) / bytes)))
      } while (next !== undefined && next !== '')
    },
    async takeOver(operation) {
      takenOver.add(operation)
      const body = { metadata: { annotations: { [annotations.writer]: writer } } }
      const takePart = async (part: Part) => {
        const name = configMapName(operation, part)
        const map = await askIfAny(`patch the configmap ${name}`, () =>
          core.patchNamespacedConfigMap({ name, namespace, body }),
        )
        if (map !== undefined) remember(map, part)
      }
      await Promise.all([takePart('record'), takePart('journal')])
    },
    async write(operation, part, { json, releases, labels: own }, patience) {
      const name = configMapName(operation, part)
      refuseTooLong(name, json)
      for (let left = tries; ; left -= 1) {
        const before = known.get(name)
        // What is known is replaced without another look: where it has changed since, its resourceVersion makes that a
        // conflict.
        const map =
          left === tries && before !== undefined && before.json !== json ? before.map : await fetchMap(name, patience)
        if (takenOver.has(operation) && map !== undefined && map.metadata?.annotations?.[annotations.writer] !== writer)
          throw new GaveWay(`${name} has another writer`)
        // Our own earlier try may have come through without our hearing of it.
        if (map?.data?.[partKey(part)] === json) {
          remember(map, part)
          return
        }
        try {
          await writeOnce(map, { operation, part, json, releases, labels: own }, patience)
          return
        } catch (error) {
          if (![404, 409].includes(statusOf(error) ?? 0) || left <= 1) throw error
        }
      }
    },
    beside: (operation, part, key) => known.get(configMapName(operation, part))?.map.data?.[key],
    async peek(operation, part, key) {
      return (await core.readNamespacedConfigMap({ name: configMapName(operation, part), namespace })).data?.[key]
    },
    async patchRecord(operation, key, text) {
      const name = configMapName(operation, 'record')
      const patched = await askIfAny(`patch the configmap ${name}`, () =>
        core.patchNamespacedConfigMap({ name, namespace, body: { data: { [key]: text } } }),
      )
      if (patched === undefined) throw noRecord(operation, namespace)
    },
    async remove(operation, part) {
      const name = configMapName(operation, part)
      await askIfAny(`delete the configmap ${name}`, () => core.deleteNamespacedConfigMap({ name, namespace }))
      known.delete(name)
    },
  }
}

function refuseTooLong(name: string, json: string): void {
  const bytes = Buffer.byteLength(json)
  if (bytes <= longestBytes) return
  throw new Failure({
    what: `the ConfigMap ${name} would be too large`,
    why: `it would have ${bytes} bytes; Kubernetes keeps at most ${longestBytes} of them in one`,
    next: 'back up fewer tables at once: give --schema, or one release at a time',
  })
}
