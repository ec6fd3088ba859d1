import type { Cluster } from '../cluster.ts'
import { kubectl } from '../lifecycle.ts'

export interface SmallVolume {
  /** name of the PersistentVolume; a claim asks for it by `volumeName`, with the storage class '' */
  name: string
  /** no more than this fits */
  bytes: number
}

/** Makes a volume that is soon full. It lies in the first node's memory: it outlives pods, but not that node. */
export async function makeSmallVolume(cluster: Cluster, { name, bytes }: SmallVolume): Promise<void> {
  const machine = cluster.machine(1)
  const path = `/run/small-volumes/${name}`
  await machine.run('mkdir', ['-p', path])
  await machine.run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=755`, 'tmpfs', path])
  const onFirstNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [machine.name] }
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: String(bytes) },
      accessModes: ['ReadWriteOnce', 'ReadWriteMany'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: '',
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onFirstNode] }] } },
    },
  }
  await kubectl(cluster, ['create', '-f', '-'], { input: JSON.stringify(volume) })
}

/** Removes the volume with what it holds, after its last pod has ended. */
export async function removeSmallVolume(cluster: Cluster, name: string): Promise<void> {
  await kubectl(cluster, ['delete', 'persistentvolume', name, '--ignore-not-found', '--wait=false'])
  await cluster.machine(1).run('umount', [`/run/small-volumes/${name}`])
}
