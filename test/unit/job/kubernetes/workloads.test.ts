import type { V1ManagedFieldsEntry } from '@kubernetes/client-node'
import t from 'tap'
import { scaledBy } from '../../../../job/kubernetes/workloads.ts'

const replicas = { 'f:spec': { 'f:replicas': {} } }
const template = { 'f:spec': { 'f:selector': {}, 'f:template': {} } }
const entry = (manager: string, second: number, fieldsV1: object = replicas): V1ManagedFieldsEntry => ({
  manager,
  operation: 'Update',
  time: new Date(Date.UTC(2026, 10, 21, 9, 0, second)),
  fieldsV1,
})
/** As the API server writes it: without a time. */
const byScale = (manager: string): V1ManagedFieldsEntry => ({
  manager,
  operation: 'Update',
  subresource: 'scale',
  fieldsV1: replicas,
})

t.test('whoever set the replicas last is named, and never this program', async (t) => {
  t.equal(
    scaledBy([entry('helm', 1), entry('argocd-controller', 5), entry('kubelet', 9, template)]),
    'argocd-controller',
  )
  t.equal(scaledBy([entry('kubectl-scalardl', 5), entry('kubectl', 5)]), 'kubectl')
  t.equal(scaledBy([entry('kubectl-scalardl', 5)]), undefined)
})

t.test('an autoscaler that follows an owner is named, though without a time', async (t) => {
  t.equal(scaledBy([byScale('kube-controller-manager'), entry('kubectl-patch', 5)]), 'kube-controller-manager')
  t.equal(scaledBy([entry('kubectl-patch', 5), byScale('kube-controller-manager')]), 'kube-controller-manager')
})

t.test('replicas that nobody owns were set through the scale subresource', async (t) => {
  // What `kubectl scale` leaves after a scale to 0 through the subresource, seen on Kubernetes 1.35.
  const left = [entry('helm', 1, template), entry('kube-controller-manager', 9, { 'f:status': { 'f:replicas': {} } })]
  t.equal(scaledBy(left), 'kubectl scale or an autoscaler')
  t.equal(scaledBy(undefined), 'kubectl scale or an autoscaler')
})
