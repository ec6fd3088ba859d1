import t from 'tap'
import { ExitCode } from '../../../../../operation/exit-code.ts'
import { runCancel } from '../../../../../plugin/commands/cancel/action.ts'
import type { CancelFlags } from '../../../../../plugin/commands/cancel/command.ts'
import { readRecord } from '../../../../../plugin/kubernetes/records/records.ts'
import { ObjectStore } from '../../kubernetes/object-store.ts'
import { recordingTerminal } from '../../terminal/recording-terminal.ts'

const flags: CancelFlags = {
  operation: 'b',
  timeout: '30s',
  namespace: undefined,
  context: undefined,
  kubeconfig: undefined,
  as: undefined,
  asGroup: undefined,
  requestTimeout: undefined,
  output: 'table',
  verbose: false,
}

t.test('an operation that never began is cancelled, and its record says so', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup' })
  store.job('backup-b', 'backup')
  // as the Job controller does once the Job is suspended
  store.beforeWrite = () => {
    store.beforeWrite = undefined
    setTimeout(() => store.job('backup-b', 'backup', { type: 'Suspended' }), 200)
  }
  const session = await store.session(t)
  t.equal(await runCancel(flags, session, recordingTerminal().terminal), ExitCode.done)
  t.match(await readRecord(session, 'backup-b'), { state: 'cancelled', failure: { what: 'backup-b was cancelled' } })
})

t.test('what the worker could not unpause is STILL PAUSED, loud and last', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'running' })
  store.job('backup-b', 'backup')
  store.beforeWrite = () => {
    store.beforeWrite = undefined
    setTimeout(() => {
      store.record({
        operation: 'backup-b',
        kind: 'backup',
        state: 'cancelled',
        exitCode: 5,
        stillPaused: ['10.0.0.7:50053'],
      })
      store.job('backup-b', 'backup', { type: 'Suspended' })
    }, 200)
  }
  const session = await store.session(t)
  const { terminal, lines } = recordingTerminal()
  t.equal(await runCancel(flags, session, terminal), ExitCode.stillPaused)
  t.match(lines.at(-1), /STILL PAUSED[^]*10\.0\.0\.7:50053[^]*unpause my-ledger -n ns\n.*--direct$/)
})

t.test('what has ended cannot be cancelled', async (t) => {
  const store = new ObjectStore()
  store.record({ operation: 'backup-b', kind: 'backup', state: 'succeeded', exitCode: 0 })
  const session = await store.session(t)
  t.match(await runCancel(flags, session, recordingTerminal().terminal).catch((error: unknown) => error), {
    exitCode: ExitCode.failed,
    why: /already ended: succeeded/,
  })
  store.record({ operation: 'backup-b', kind: 'backup', state: 'failed', stillPaused: ['10.0.0.7:50053'] })
  t.match(await runCancel(flags, session, recordingTerminal().terminal).catch((error: unknown) => error), {
    exitCode: ExitCode.stillPaused,
  })
})
