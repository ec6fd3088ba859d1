import type { Test } from 'tap'
import type { Verdict } from '../../../stand-ins/ledger/data/verdict.ts'
import type { Stage } from '../stage.ts'

/** Asserts that a release serves what it had at the point of its backup, and nothing of later. */
export async function servesThePoint(
  t: Test,
  { stage, deployment }: { stage: Stage; deployment: string },
  damaged: Verdict,
): Promise<void> {
  const verdict = await stage.check(deployment)
  t.strictSame(verdict.problems, [], 'the release serves one consistent state')
  t.ok(Number(verdict.details.states) > 0)
  t.ok(Number(verdict.details.states) < Number(damaged.details.states), 'and nothing that was written after it')
}
