import type { Api } from '../../../../job/kubernetes/api.ts'
import { kubernetesCluster } from '../../../../job/kubernetes/kubernetes-cluster.ts'
import { labels } from '../../../../operation/names.ts'
import { newRecord } from '../../../../operation/record.ts'

/** Reads 600 records of 900 KiB as a worker does, and prints what it kept: run by a test in little memory. */
const count = 600
const note = 'x'.repeat(1024)
const common = { kind: 'backup' as const, namespace: 'ns', releases: ['my'], createdAt: '2026-11-21T09:00:00Z' }

function item(number: number) {
  const operation = `backup-${number}`
  const findings = Array.from({ length: 900 }, (_, at) => ({
    check: 'x',
    subject: `${number}-${at}`,
    outcome: 'warning' as const,
    message: note,
    cure: '',
  }))
  const json = JSON.stringify({ ...newRecord({ ...common, operation, plugin: '1' }), findings })
  return { metadata: { name: operation, labels: { [labels.operation]: operation } }, data: { 'record.json': json } }
}

const core = {
  async listNamespacedConfigMap({ limit, _continue: token }: { limit: number; _continue?: string }) {
    const from = Number(token ?? 0)
    const until = Math.min(count, from + limit)
    const items = Array.from({ length: until - from }, (_, at) => item(from + at))
    return { items, metadata: until < count ? { _continue: String(until) } : {} }
  },
}
let read = 0
const cluster = kubernetesCluster({ core } as unknown as Api, 'ns')
const kept = await cluster.records(({ operation }) => {
  read += 1
  return operation === 'backup-7'
})
process.stdout.write(`${read} read, ${kept.length} kept`)
