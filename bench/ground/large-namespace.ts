import { writeFileSync } from 'node:fs'
import { annotations, configMapName, labels, operationLabels, partKey } from '../../operation/names.ts'
import { recordLabels } from '../../operation/outcome/outcome.ts'
import { newRecord, type OperationRecord } from '../../operation/record.ts'
import { ObjectStore } from '../../test/unit/plugin/kubernetes/object-store.ts'

/** A namespace that answers from memory, so that what is measured is the plugin's own time. */
export interface LargeNamespace {
  kubeconfig: string
  close(): void
}

function labelsOf(release: string): Record<string, string> {
  return {
    'app.kubernetes.io/app': 'ledger',
    'app.kubernetes.io/instance': release,
    'app.kubernetes.io/name': 'scalardl',
  }
}

/** A backup as it stands in a record, with one pause of three servers. */
function backupOf(release: string, number: number): OperationRecord {
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + number * 600_000 + second * 1000).toISOString()
  const name = `${release}-${number}`
  return {
    ...newRecord({
      operation: `backup-${name}`,
      kind: 'backup',
      namespace: 'ns',
      releases: [release],
      createdAt: at(0),
      plugin: '0.1.0',
    }),
    state: 'succeeded',
    exitCode: 0,
    startedAt: at(2),
    finishedAt: at(60),
    windows: [
      {
        endpoints: ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => ({ address: `${address}:50053` })),
        pauseSentAt: at(3),
        allPausedAt: at(3),
        unpauseSentAt: at(4),
        allUnpausedAt: at(4),
        restorePoint: at(3),
        verdict: 'valid',
        reasons: [],
      },
    ],
    backup: { name, state: 'restorable', restorePoint: at(3), databases: [] },
  }
}

/** The ConfigMap of a record, as the worker leaves it. */
function configMapOf(record: OperationRecord) {
  const metadata = {
    name: configMapName(record.operation, 'record'),
    labels: { ...operationLabels(record.operation, record.kind), [labels.part]: 'record', ...recordLabels(record) },
    annotations: { [annotations.releases]: record.releases.join(',') },
    creationTimestamp: record.createdAt,
  }
  return { metadata, data: { [partKey('record')]: JSON.stringify(record) } }
}

/** @param folder for the kubeconfig */
export async function openLargeNamespace(folder: string, releases: number, records: number): Promise<LargeNamespace> {
  const store = new ObjectStore()
  const closing: (() => void)[] = []
  const session = await store.session({ teardown: (run) => closing.push(run) })
  for (let release = 0; release < releases; release += 1) {
    const name = `release-${release}`
    const template = { metadata: { labels: labelsOf(name) }, spec: { containers: [] } }
    store.put('deployments', { metadata: { name }, spec: { replicas: 3, template } })
  }
  for (let number = 0; number < records; number += 1) {
    const release = `release-${number % releases}`
    store.put('configmaps', configMapOf(backupOf(release, number)))
  }
  const kubeconfig = `${folder}/large-namespace`
  writeFileSync(kubeconfig, session.kubeConfig.exportConfig())
  return { kubeconfig, close: () => closing.forEach((run) => run()) }
}
