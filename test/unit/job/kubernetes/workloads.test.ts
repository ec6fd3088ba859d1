import type { V1ManagedFieldsEntry } from '@kubernetes/client-node'
import t from 'tap'
import { scaledBy } from '../../../../job/kubernetes/workloads.ts'

const replicas = { 'f:spec': { 'f:replicas': {} } }
const entry = (manager: string, second: number, fieldsV1: object = replicas): V1ManagedFieldsEntry => ({
  manager,
  time: new Date(Date.UTC(2026, 10, 21, 9, 0, second)),
  fieldsV1,
})

t.test('whoever set the replicas last is named, and never this program', async (t) => {
  const template = { 'f:spec': { 'f:template': {} } }
  t.strictSame(scaledBy([entry('helm', 1), entry('argocd-controller', 5), entry('kubelet', 9, template)]), {
    scaledBy: 'argocd-controller',
  })
  t.strictSame(scaledBy([entry('kubectl-scalardl', 5), entry('kubectl', 5)]), { scaledBy: 'kubectl' })
  t.strictSame(scaledBy([entry('kubectl-scalardl', 5)]), {})
  t.strictSame(scaledBy(undefined), {})
})
