import t from 'tap'
import { formerSecretName } from '../../../../../operation/names.ts'
import type { OperationRequest } from '../../../../../operation/request.ts'
import { mariadbServers } from '../../../../stand-ins/mysql/servers-with-a-past.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import { restorableCluster } from '../../../stand-ins/aws/clusters.ts'
import { backupRequest, restoreRequest, undoRequest } from '../cosmos/release-stage.ts'
import { openRelease, urlOf, urlSecret } from '../rds/release-stage.ts'
import { clusterWith, onAurora, toldOf } from './cluster-world.ts'

// A Ledger on a cluster of Aurora MySQL through the whole worker: backed up, restored, pointed there and back.

const stage = await openRelease(t, 'Secret', clusterWith('aurora-mysql'), {
  scheme: 'mysql',
  database: '',
  servers: mariadbServers,
})
const { bank, bankAt, client, failureIn, host, record, stored, urlTo } = stage
const codeOf = async (request: OperationRequest) => (await stage.worker(request)).code
const former = formerSecretName(urlSecret)
stored.put(former, {})
for (const secret of [urlSecret, former]) stored.granted.set(secret, new Set(['get', 'patch']))

t.test('a backup amid writing is a whole second of its pause', async (t) => {
  const stop = stage.write()
  await until('some is written', async () => stage.written() > 3)
  const code = await codeOf(onAurora({ ...backupRequest('a'), pauseMode: 'always' }))
  await stop()
  t.equal(code, 0, failureIn('backup-a'))
  const made = record('backup-a')
  t.match(made?.backup, {
    state: 'restorable',
    databases: [
      {
        kind: 'aurora',
        details: { clock: { lowMs: Number }, settings: { inherited: { Engine: 'aurora-mysql' } } },
      },
    ],
  })
  const window = made?.windows.at(-1)
  t.equal(window?.verdict, 'valid')
  const point = made?.backup?.databases[0]?.snapshotAt ?? ''
  t.equal(Date.parse(point) % 1000, 0)
  t.ok(point >= (window?.allPausedAt ?? 'none') && point <= (window?.unpauseSentAt ?? ''))
})

t.test('a restore brings back the state of the pause and points the release to it, and back', async (t) => {
  await stage.writeSome()
  await bank.damage()
  const damaged = await bank.check()
  // From here on the last moment that can be restored has the damage, too.
  await restorableCluster(client, 'ledger', new Date(Date.now() + 1_000))
  t.equal(damaged.holds, false)
  t.equal(await codeOf({ ...restoreRequest('a', 'a'), choice: { repoint: 'patch' } }), 0, failureIn('restore-a'))
  const { cluster, host: restoredHost } = record('restore-a')?.restore?.databases[0]?.details ?? {}
  t.strictSame(stored.data(urlSecret), { [urlOf]: urlTo(String(restoredHost)) })
  const found = await (await bankAt(String(restoredHost))).check()
  t.strictSame(found.problems, [], 'the new cluster holds one consistent state')
  t.ok(Number(found.details.states) > 0 && Number(found.details.states) < Number(damaged.details.states))
  t.strictSame(await bank.check(), damaged, 'the former cluster is untouched')
  const told = await toldOf({ client }, String(cluster))
  t.strictSame(told, await toldOf({ client }, 'ledger'))
  t.equal(told.instances.length, 3)

  t.equal(await codeOf(undoRequest('a', 'a')), 0, failureIn('undo-a'))
  t.strictSame(stored.data(urlSecret), { [urlOf]: urlTo(host) })
  t.strictSame(stored.data(former), {}, 'what was kept is used up')
})
