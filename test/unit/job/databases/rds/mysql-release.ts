import type { Test } from 'tap'
import { formerSecretName } from '../../../../../operation/names.ts'
import type { OperationRequest } from '../../../../../operation/request.ts'
import { mariadbServers } from '../../../../stand-ins/mysql/servers-with-a-past.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import { backupRequest, restoreRequest, undoRequest } from '../cosmos/release-stage.ts'
import { openRelease, urlOf, urlSecret, type Make, type ReleaseStage } from './release-stage.ts'

/** A release in a MySQL of Amazon's whose URL is in a Secret that a restore may change. */
export async function openMysqlRelease(t: Test, make: Make): Promise<ReleaseStage> {
  const stage = await openRelease(t, 'Secret', make, { scheme: 'mysql', database: '', servers: mariadbServers })
  const former = formerSecretName(urlSecret)
  stage.stored.put(former, {})
  for (const secret of [urlSecret, former]) stage.stored.granted.set(secret, new Set(['get', 'patch']))
  return stage
}

/** In which a Ledger in an instance differs from one on a cluster. */
export interface Service {
  /** a request as the plugin makes it for this service */
  on(request: OperationRequest): OperationRequest
  /** its backup's entry */
  entry: object
  /** where a restore's record names what it made */
  madeIs: 'instance' | 'cluster'
  /** waits until the data of a moment can be restored */
  restorable(id: string, at: Date): Promise<void>
  /** asserts that what was made is like the former */
  isLike(made: string, former: string): Promise<void>
}

/** A Ledger through the whole worker: backed up amid writing, restored, pointed there and back. */
export async function backUpRestoreAndUndo(t: Test, stage: ReleaseStage, service: Service): Promise<void> {
  const { bank, bankAt, failureIn, host, record, stored, urlTo } = stage
  const codeOf = async (request: OperationRequest) => (await stage.worker(request)).code

  await t.test('a backup amid writing is a whole second of its pause', async (t) => {
    const stop = stage.write()
    await until('some is written', async () => stage.written() > 3)
    const code = await codeOf(service.on({ ...backupRequest('a'), pauseMode: 'always' }))
    await stop()
    t.equal(code, 0, failureIn('backup-a'))
    const made = record('backup-a')
    t.match(made?.backup, { state: 'restorable', databases: [service.entry] })
    const window = made?.windows.at(-1)
    t.equal(window?.verdict, 'valid')
    const point = made?.backup?.databases[0]?.snapshotAt ?? ''
    t.equal(Date.parse(point) % 1000, 0)
    t.ok(point >= (window?.allPausedAt ?? 'none') && point <= (window?.unpauseSentAt ?? ''))
  })

  await t.test('a restore brings back the state of the pause and points the release to it, and back', async (t) => {
    await stage.writeSome()
    await bank.damage()
    const damaged = await bank.check()
    // From here on the last moment that can be restored has the damage, too.
    await service.restorable('ledger', new Date(Date.now() + 1_000))
    t.equal(damaged.holds, false)
    t.equal(await codeOf({ ...restoreRequest('a', 'a'), choice: { repoint: 'patch' } }), 0, failureIn('restore-a'))
    const { [service.madeIs]: made, host: restoredHost } = record('restore-a')?.restore?.databases[0]?.details ?? {}
    t.strictSame(stored.data(urlSecret), { [urlOf]: urlTo(String(restoredHost)) })
    const found = await (await bankAt(String(restoredHost))).check()
    t.strictSame(found.problems, [], 'what is new holds one consistent state')
    t.ok(Number(found.details.states) > 0 && Number(found.details.states) < Number(damaged.details.states))
    t.strictSame(await bank.check(), damaged, 'the former is untouched')
    await service.isLike(String(made), 'ledger')

    t.equal(await codeOf(undoRequest('a', 'a')), 0, failureIn('undo-a'))
    t.strictSame(stored.data(urlSecret), { [urlOf]: urlTo(host) })
    t.strictSame(stored.data(formerSecretName(urlSecret)), {}, 'what was kept is used up')
  })
}
