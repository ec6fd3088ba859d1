import t from 'tap'
import { ExitCode } from '../../../../../operation/exit-code.ts'
import { eachOperation, findOperation } from '../../../../../plugin/kubernetes/records/operations.ts'
import { ObjectStore } from '../object-store.ts'

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

t.test('an operation whose Job died or vanished is not listed as running', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-dead', kind: 'backup', state: 'running' })
  store.job('backup-dead', 'backup', { type: 'Failed', reason: 'BackoffLimitExceeded' })
  store.record({ operation: 'backup-gone', kind: 'backup', state: 'running' })
  store.record({ operation: 'backup-alive', kind: 'backup', state: 'running' })
  store.job('backup-alive', 'backup')
  store.job('pause-new', 'pause')
  const session = await store.session(t)
  const states = Object.fromEntries(
    (await listed(eachOperation(session, {}))).map((stored) => [stored.operation, stored.record?.state]),
  )
  t.strictSame(states, {
    'backup-dead': 'failed',
    'backup-gone': 'failed',
    'backup-alive': 'running',
    'pause-new': 'pending',
  })
})

t.test('an operation is found by its name with or without its kind', async (t) => {
  const store = new ObjectStore()
  for (const operation of ['backup-nightly', 'backup-both', 'restore-both'] as const) {
    store.record({ operation, kind: operation.startsWith('backup') ? 'backup' : 'restore', state: 'succeeded' })
  }
  const session = await store.session(t)
  t.equal((await findOperation(session, 'nightly')).operation, 'backup-nightly')
  t.equal((await findOperation(session, 'backup-nightly')).operation, 'backup-nightly')
  t.equal((await findOperation(session, 'both', 'restore')).operation, 'restore-both')
  const noBackup = await findOperation(session, 'weekly', 'backup').catch((error: unknown) => error)
  t.match(noBackup, { why: /: nightly, both$/ })
  const unclear = await findOperation(session, 'both').catch((error: unknown) => error)
  t.match(unclear, { exitCode: ExitCode.usage, why: /backup-both, restore-both/ })
  const unknown = await findOperation(session, 'weekly').catch((error: unknown) => error)
  t.match(unknown, { exitCode: ExitCode.failed, what: /weekly/, why: /backup-nightly/ })
})
