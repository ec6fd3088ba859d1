import t from 'tap'
import { readResults, tableOf, writeResult, type CaseResult } from '../../../end-to-end/faults/results.ts'

const result: CaseResult = {
  group: 'worker',
  name: 'killed',
  title: 'worker killed',
  ended: 'unusable',
  reason: 'the worker was replaced',
  exitCode: 3,
  longestPauseMs: 840,
  seconds: 31.4,
  passed: true,
}

t.test('every result that was written is in the table, with its reason', (t) => {
  const folder = t.testdir()
  writeResult(result, folder)
  const {
    reason: _,
    longestPauseMs: __,
    exitCode: ___,
    ...broken
  } = { ...result, name: 'lost', ended: 'neither' as const, passed: false }
  writeResult(broken, folder)
  const found = readResults(folder)
  t.strictSame(found, [result, broken])
  const [, first, second] = tableOf(found).split('\n')
  t.match(first, /^✓ +worker\/killed +unusable +3 +0\.84 s +31 s +worker killed; the worker was replaced$/)
  t.match(second, /^✗ +worker\/lost +neither +- +- +31 s +worker killed$/)
  t.end()
})

t.test('the situation that a fault made stands between what happened and the reason', async (t) => {
  const [, line] = tableOf([{ ...result, situation: 'it never paused' }]).split('\n')
  t.match(line, /worker killed; here it never paused; the worker was replaced$/)
})
