import t from 'tap'
import { restorable } from '../../../stand-ins/aws/instances.ts'
import { doctorRequest } from '../cosmos/release-stage.ts'
import { toldOf } from './instance-world.ts'
import { backUpRestoreAndUndo, openMysqlRelease } from './mysql-release.ts'
import { instanceWith, onRds, urlOf, urlSecret } from './release-stage.ts'

const stage = await openMysqlRelease(t, instanceWith('mysql'))
const { client, failureIn, host, record, stored, urlTo } = stage

t.test("a doctor finds the instance and the server's clock by the URL of either driver", async (t) => {
  for (const driver of ['mariadb', 'mysql']) {
    stored.put(urlSecret, { [urlOf]: urlTo(host).replace('mysql', driver) })
    const name = `doctor-${driver}`
    t.equal((await stage.worker(onRds(doctorRequest(driver)))).code, 0, failureIn(name))
    const clock = record(name)?.findings?.find(({ check }) => check === "server's clock")
    t.match(clock, { outcome: 'ok', message: /^-?\d+ to -?\d+ ms ahead of the worker's$/ })
  }
})

t.test('a Ledger in an instance with MySQL', (t) =>
  backUpRestoreAndUndo(t, stage, {
    on: onRds,
    entry: { kind: 'rds', details: { clock: { lowMs: Number } } },
    madeIs: 'instance',
    restorable: (id, at) => restorable(client, id, at),
    isLike: async (made, former) => void t.strictSame(await toldOf({ client }, made), await toldOf({ client }, former)),
  }),
)
