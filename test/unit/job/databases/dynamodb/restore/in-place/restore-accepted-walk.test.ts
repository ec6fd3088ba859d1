import t from 'tap'
import { scaleRates } from '../../../../../../../job/aws/rate-limits.ts'
import { startAws } from '../../../../../../stand-ins/aws/aws.ts'
import { restoreRequest, restoreStages, unprotect } from '../restore-stage.ts'
import { each, sameWorld } from '../restore-walk.ts'
import { worldOf } from '../restored-world.ts'

const phases = {
  createTable: 5,
  deleteTable: 20,
  updateTable: 5,
  createIndex: 20,
  restore: 50,
  createBackup: 30,
  timeToLive: 5,
}
const aws = await startAws({ settings: { restorableLagMs: 100, phases, limits: { ratePerSecond: {} } } })
t.teardown(() => aws.stop())
t.setTimeout(120_000)
scaleRates(20)

/** Counted from the end: these are written once the restored data serves, while what it replaced is removed. */
const lastWrites = [0, 1, 2, 3, 4, 5, 6]

t.test(
  'killed at one of its last writes, a restore in place that removes what it replaced is finished, not taken back',
  async (t) => {
    const [whole, ...stages] = await restoreStages(
      t,
      aws,
      ['whole-', ...lastWrites.map((last) => `l${last}-`)],
      unprotect,
    )
    const request = (name: string) => restoreRequest(name, { strategy: 'replace' }, { dropPrevious: true })
    let writes = 0
    t.equal((await whole.worker(request('whole'), { wrote: (write) => (writes = write) })).code, 0)
    const wanted = await worldOf(whole.clients, 'whole-')
    t.strictSame(wanted.tables, whole.atPoint.tables)
    const recorded = whole.record('restore-whole')?.restore
    t.match(recorded, { serving: 'restored', databases: [{ state: 'in-service', previous: undefined }] })
    await each(
      stages.map((stage, last) => ({ stage, last })),
      async ({ stage, last }) => {
        const where = `killed ${last} writes before the last`
        const one = request(`l${last}`)
        const { killed } = await stage.worker(one, { writes: writes - last, lastWriteKept: last % 2 === 0 })
        t.ok(killed, where)
        const { code } = await stage.worker(one)
        t.equal(code, 0, `${where}: ${JSON.stringify(stage.record(`restore-l${last}`)?.failure)}`)
        t.equal(stage.replicas(), 3, where)
        sameWorld(t, await worldOf(stage.clients, `l${last}-`), wanted, where)
        t.match(
          stage.record(`restore-l${last}`)?.restore,
          { serving: 'restored', databases: [{ state: 'in-service', previous: undefined }] },
          where,
        )
      },
    )
  },
)
