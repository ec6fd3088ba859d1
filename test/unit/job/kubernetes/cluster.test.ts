import t from 'tap'
import { kubernetesCluster } from '../../../../job/kubernetes/kubernetes-cluster.ts'
import { asAnotherProcess, inMemoryCluster } from '../in-memory-cluster.ts'
import { clusterConformance } from './cluster-conformance.ts'
import { storedObjects } from './stored-objects.ts'

// What only a real API server shows is in test/end-to-end/worker/kubernetes.test.ts.

await t.test('the cluster of other tests, which is only data', async (t) => {
  const one = inMemoryCluster([])
  await clusterConformance(t, { one, other: asAnotherProcess(one) })
})

await t.test('the real one, on an API server that is only data', async (t) => {
  const api = storedObjects()
  await clusterConformance(t, { one: kubernetesCluster(api, 'ns'), other: kubernetesCluster(api, 'ns') })
})
