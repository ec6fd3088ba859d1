import type { Stage } from '../stage/stage.ts'

interface Pod {
  metadata: { uid: string }
  spec: { nodeName: string }
}

/**
 * A claim whose volume is soon full. The volume is the memory of a pod, of which the kubelet makes a file system of
 * exactly that size; so it is there on any cluster, and goes with the namespace. The volume itself is removed by what
 * is returned.
 */
export async function makeSmallClaim(stage: Stage, name: string, mebibytes: number): Promise<() => Promise<unknown>> {
  const volume = `${stage.namespace}-${name}`
  const holder = `holder-${name}`
  await stage.apply([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: holder },
      spec: {
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        containers: [
          {
            name: 'holder',
            image: stage.images.ledger,
            command: ['node', '-e', 'setInterval(() => undefined, 60000)'],
            volumeMounts: [{ name: 'memory', mountPath: '/memory' }],
          },
        ],
        volumes: [{ name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: `${mebibytes}Mi` } }],
      },
    },
  ])
  await stage.kubectl(['wait', `pod/${holder}`, '--for=condition=Ready', '--timeout=240s'])
  const { metadata, spec } = await stage.get<Pod>(['pod', holder])
  const path = `/var/lib/kubelet/pods/${metadata.uid}/volumes/kubernetes.io~empty-dir/memory`
  const onItsNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [spec.nodeName] }
  const remove = () => stage.kubectl(['delete', 'persistentvolume', volume, '--ignore-not-found', '--wait=false'])
  await remove()
  await stage.kubectl(['wait', `persistentvolume/${volume}`, '--for=delete', '--timeout=240s'])
  const common = { accessModes: ['ReadWriteOnce'], storageClassName: '' }
  await stage.apply([
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: volume },
      spec: {
        ...common,
        capacity: { storage: `${mebibytes}Mi` },
        persistentVolumeReclaimPolicy: 'Retain',
        local: { path },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onItsNode] }] } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name },
      spec: { ...common, volumeName: volume, resources: { requests: { storage: `${mebibytes}Mi` } } },
    },
  ])
  return remove
}
