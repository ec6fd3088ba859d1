import t from 'tap'
import type { Cassy } from '../../../../../../job/databases/cassandra/cassy/client.ts'
import { nodeSnapshot, operationStatus } from '../../../../../../job/databases/cassandra/cassy/protocol.ts'
import { untilUploaded } from '../../../../../../job/databases/cassandra/cassy/upload.ts'
import type { Events } from '../../../../../../job/process/events.ts'
import type { Storage } from '../../../../../../job/storage/storage.ts'

t.test('a bucket that cannot be looked at for a while does not end an upload that Cassy goes on with', async (t) => {
  let asked = 0
  const said: string[] = []
  const entry = { cluster_id: 'ring', target_ip: '127.1.0.1', snapshot_id: 'snapshot', backup_type: nodeSnapshot }
  const backups = () => {
    asked += 1
    return Promise.resolve([{ ...entry, status: asked > 5 ? operationStatus.completed : operationStatus.started }])
  }
  const list = () => {
    throw new Error('503 Slow Down')
  }
  await untilUploaded(
    { clusterId: 'ring', snapshotId: 'snapshot', addresses: ['127.1.0.1'] },
    {
      cassy: { backups } as unknown as Cassy,
      storage: { list } as unknown as Storage,
      events: { say: (_, text) => said.push(text) } as Pick<Events, 'say'> as Events,
      patience: { everyMs: 1, lookMs: 0, quietMs: 60_000, lostMs: 0 },
      signal: new AbortController().signal,
      title: 'the ring',
    },
  )
  t.equal(asked, 6)
  t.ok(said.some((text) => /503 Slow Down/.test(text)))
})
