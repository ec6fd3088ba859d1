import t from 'tap'
import { restorableCluster } from '../../../stand-ins/aws/clusters.ts'
import { backUpRestoreAndUndo, openMysqlRelease } from '../rds/mysql-release.ts'
import { clusterWith, onAurora, toldOf } from './cluster-world.ts'

const stage = await openMysqlRelease(t, clusterWith('aurora-mysql'))
const { client } = stage

t.test('a Ledger on a cluster of Aurora MySQL', (t) =>
  backUpRestoreAndUndo(t, stage, {
    on: onAurora,
    entry: {
      kind: 'aurora',
      details: { clock: { lowMs: Number }, settings: { inherited: { Engine: 'aurora-mysql' } } },
    },
    madeIs: 'cluster',
    restorable: (id, at) => restorableCluster(client, id, at),
    isLike: async (made, former) => {
      const told = await toldOf({ client }, made)
      t.strictSame(told, await toldOf({ client }, former))
      t.equal(told.instances.length, 3)
    },
  }),
)
