import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { V1ConfigMap } from '@kubernetes/client-node'
import t from 'tap'
import type { Api } from '../../../../job/kubernetes/api.ts'
import { kubernetesCluster } from '../../../../job/kubernetes/kubernetes-cluster.ts'
import { labels } from '../../../../operation/names.ts'
import { newRecord, type OperationRecord } from '../../../../operation/record.ts'

function record(operation: string, changes: Partial<OperationRecord>): OperationRecord {
  const of = {
    operation,
    kind: 'backup' as const,
    namespace: 'ns',
    releases: ['my'],
    createdAt: '2026-11-21T09:00:00Z',
  }
  return { ...newRecord({ ...of, plugin: '1' }), ...changes }
}

/** An API server that keeps ConfigMaps, and gives them out in pages of two at most, whatever is asked. */
function apiServer() {
  const maps = new Map<string, V1ConfigMap>()
  let pages = 0
  const store = async ({ body }: { body: V1ConfigMap }) => {
    maps.set(body.metadata?.name ?? '', structuredClone(body))
    return structuredClone(body)
  }
  const core = {
    readNamespacedConfigMap: async ({ name }: { name: string }) => structuredClone(maps.get(name)),
    createNamespacedConfigMap: store,
    replaceNamespacedConfigMap: store,
    listNamespacedConfigMap: async (asked: { labelSelector: string; limit?: number; _continue?: string }) => {
      if (asked.limit === undefined) throw new Error('a list without a limit')
      pages += 1
      const wanted = asked.labelSelector.includes(`!${labels.ended}`)
      const all = [...maps.values()].filter(({ metadata }) => !wanted || metadata?.labels?.[labels.ended] === undefined)
      const { _continue: token } = asked
      const from = Number(token ?? 0)
      const metadata = from + 2 < all.length ? { _continue: String(from + 2) } : { _continue: '' }
      return { metadata, items: structuredClone(all.slice(from, from + 2)) }
    },
  }
  return { cluster: kubernetesCluster({ core } as unknown as Api, 'ns'), maps, pages: () => pages }
}

const window: OperationRecord['windows'][number] = {
  endpoints: [{ address: '10.0.0.7:50053' }],
  pauseSentAt: '2026-11-21T09:00:01Z',
  verdict: 'open',
  reasons: [],
}

t.test('records come page by page, and those that leave nothing paused are not read to unpause', async (t) => {
  const { cluster, maps, pages } = apiServer()
  for (const number of [1, 2, 3, 4, 5]) await cluster.writeRecord(record(`backup-${number}`, { state: 'succeeded' }))
  await cluster.writeRecord(record('backup-6', { state: 'running', windows: [window] }))
  await cluster.writeRecord(record('backup-7', { state: 'failed', stillPaused: ['10.0.0.7:50053'] }))
  await cluster.writeRecord(record('backup-8', { state: 'running' }))
  const before = pages()
  const paused = await cluster.pausingRecords()
  t.strictSame(
    paused.map(({ operation }) => operation),
    ['backup-6', 'backup-7'],
  )
  t.equal(pages() - before, 2, 'three records')
  t.equal((await cluster.records(() => true)).length, 8)
  // as a version wrote it that did not label them
  for (const map of maps.values()) delete map.metadata?.labels?.[labels.ended]
  t.equal((await cluster.pausingRecords()).length, 2)
})

t.test('the label follows the record', async (t) => {
  const { cluster, maps } = apiServer()
  const ended = () => [...maps.values()][0]?.metadata?.labels?.[labels.ended]
  await cluster.writeRecord(record('backup-1', { state: 'running' }))
  t.equal(ended(), undefined)
  await cluster.writeRecord(record('backup-1', { state: 'failed', stillPaused: ['10.0.0.7:50053'] }))
  t.equal(ended(), undefined)
  await cluster.writeRecord(record('backup-1', { state: 'failed' }))
  t.equal(ended(), 'failed')
  await cluster.writeRecord(record('backup-1', { state: 'running' }))
  t.equal(ended(), undefined)
})

t.test('more records than fit into memory are read page by page, and only what is wanted is kept', async (t) => {
  const script = join(import.meta.dirname, 'read-long-records.ts')
  // 600 of 900 KiB are 540 MB as text alone.
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=160', script])
  t.equal(stdout, '600 read, 1 kept')
})
