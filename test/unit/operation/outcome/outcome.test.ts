import t from 'tap'
import { ExitCode } from '../../../../operation/exit-code.ts'
import { withGuardReport, withoutGuardReport } from '../../../../operation/outcome/guard-report.ts'
import {
  newRecord,
  type GuardReport,
  type OperationRecord,
  type PauseWindowRecord,
} from '../../../../operation/record.ts'
import { concludeByJob, exitCodeOf, failureOf, pausedBy } from '../../../../operation/outcome/outcome.ts'

const open: PauseWindowRecord = {
  endpoints: [{ address: '10.0.0.7:1' }, { address: '10.0.0.8:1' }],
  pauseSentAt: '2026-11-21T09:00:01Z',
  verdict: 'open',
  reasons: [],
}
const running: OperationRecord = {
  ...newRecord({
    operation: 'backup-b',
    kind: 'backup',
    namespace: 'ns',
    releases: ['my-ledger'],
    createdAt: '2026-11-21T09:00:00Z',
    plugin: '0.1.0',
  }),
  state: 'running',
  windows: [open],
}
const guard = (pause: number, unpaused: string[]): GuardReport => ({
  pod: 'g',
  node: 'n',
  interventions: [{ at: '2026-11-21T09:00:02Z', pause, why: 'the worker is gone', unpaused, stillPaused: [] }],
})

t.test('what the guard unpaused is not called paused', async (t) => {
  t.strictSame(pausedBy(running), ['10.0.0.7:1', '10.0.0.8:1'])
  t.strictSame(pausedBy({ ...running, guard: guard(1, ['10.0.0.8:1']) }), ['10.0.0.7:1'])
  t.strictSame(
    pausedBy({ ...running, windows: [{ ...open, verdict: 'void' }, open], guard: guard(1, ['10.0.0.8:1']) }).length,
    2,
    'an earlier pause was another',
  )
  t.strictSame(
    pausedBy({ ...running, windows: [{ ...open, pause: 2 }], guard: guard(2, ['10.0.0.8:1']) }),
    ['10.0.0.7:1'],
    'the first came to nothing',
  )
})

t.test('the window of a worker that is gone for good is void, and the backup unusable', async (t) => {
  const lost = {
    ...running,
    backup: { name: 'b', state: 'incomplete' as const, databases: [] },
    guard: guard(1, ['10.0.0.7:1', '10.0.0.8:1']),
  }
  const settled = concludeByJob(lost, { phase: 'failed', reason: 'BackoffLimitExceeded', message: 'too many' })
  t.match(settled, {
    state: 'failed',
    exitCode: ExitCode.backupUnusable,
    stillPaused: { length: 0 },
    windows: [{ verdict: 'void', reasons: [/killed/] }],
    backup: { state: 'unusable', reason: /killed/ },
  })
  t.equal(lost.windows[0]?.verdict, 'open', 'what was given is left as it is')
})

t.test('servers that the guard unpaused after the worker gave up make it no longer STILL PAUSED', async (t) => {
  const given: OperationRecord = {
    ...running,
    state: 'failed',
    exitCode: 5,
    windows: [{ ...open, verdict: 'void' }],
    stillPaused: ['10.0.0.7:1'],
  }
  t.equal(exitCodeOf(given), ExitCode.stillPaused)
  t.equal(exitCodeOf({ ...given, guard: guard(1, ['10.0.0.7:1']) }), ExitCode.failed)
})

t.test('a command that has another run first fails as that one did', async (t) => {
  const failure = { what: 'it is not trusted', why: 'nobody vouches for it', next: 'vouch for it' }
  const failed: OperationRecord = { ...running, state: 'failed', exitCode: ExitCode.declined, windows: [], failure }
  t.match(failureOf(failed), { text: failure, exitCode: ExitCode.declined })
  t.equal(failureOf({ ...running, state: 'succeeded', exitCode: ExitCode.done, windows: [] }), undefined)
})

t.test("the guard's report joins the record and leaves it again", async (t) => {
  const report = guard(1, [])
  t.strictSame(withGuardReport(running, JSON.stringify(report)).guard, report)
  t.equal(withGuardReport(running, '{damaged'), running)
  t.equal(withGuardReport(running, undefined), running)
  t.strictSame(withoutGuardReport({ ...running, guard: report }), running)
})
