import t from 'tap'
import { awsForRestores } from '../restore-aws.ts'
import { restoreRequest, restoreStages, undoRequest, unprotect } from '../restore-stage.ts'
import { inPeril } from '../restore-walk.ts'
import { allTables, worldOf } from '../restored-world.ts'

const aws = await awsForRestores(t, { deleteTable: 50, createIndex: 30, restore: 100 })

const [abandoned, ready] = await restoreStages(t, aws, ['abandoned-', 'ready-'], unprotect)

t.test(
  'a restore in place whose workers all died while it replaced tables is undone: the originals serve, nothing is left',
  async (t) => {
    const former = await worldOf(abandoned.clients, 'abandoned-')
    let deleted = 0
    const killed = await abandoned.worker(restoreRequest('abandoned', { strategy: 'replace' }), {
      // before the releases are stopped it is only asked whether deleting is allowed
      after: async (operation) => void (deleted += operation === 'DeleteTable' && abandoned.replicas() === 0 ? 1 : 0),
      until: () => deleted > 1,
    })
    t.ok(killed.killed)
    t.equal(abandoned.record('restore-abandoned')?.restore?.serving, 'nothing')
    t.equal(abandoned.replicas(), 0)
    t.strictSame(await inPeril(abandoned, true), [])
    const standing = () => abandoned.record('backup-x')?.backup?.databases[0]?.standing
    t.match(standing(), { state: 'in doubt' })
    const undo = await abandoned.worker(undoRequest('abandoned'))
    t.equal(undo.code, 0, JSON.stringify(abandoned.record('undo-abandoned')?.failure))
    t.strictSame((await worldOf(abandoned.clients, 'abandoned-')).tables, former.tables)
    t.strictSame(
      (await allTables(abandoned.clients)).filter((name) => name.startsWith('restoring.')),
      [],
    )
    t.match(standing(), { state: 'materialized', by: 'undo-abandoned' })

    await t.test('where its worker was killed before the release served again, the next one starts it', async (t) => {
      const done = abandoned.record('undo-abandoned')
      if (done === undefined) throw new Error('no record')
      const { finishedAt: _finished, exitCode: _code, ...running } = done
      await abandoned.cluster.writeRecord({ ...running, state: 'running' })
      await abandoned.cluster.scale('my-ledger', 0)
      t.equal((await abandoned.worker({ ...undoRequest('abandoned'), replicas: 3 })).code, 0)
      t.equal(abandoned.replicas(), 3)
    })
  },
)

t.test('tables that were made ready and are in use by now are not removed', async (t) => {
  t.equal((await ready.worker(restoreRequest('ready', { prefix: 'used-', repoint: 'print' }))).code, 0)
  for (const [key, text] of ready.cluster.texts)
    ready.cluster.texts.set(key, text.replace('namespace.prefix=ready-', 'namespace.prefix=used-'))
  t.equal((await ready.worker(undoRequest('ready'))).code, 1)
  t.match(ready.record('undo-ready')?.failure, { why: /a release uses their prefix "used-"/ })
  t.equal((await allTables(ready.clients)).filter((name) => name.startsWith('used-')).length, 5)
})
