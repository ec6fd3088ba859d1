import type { Test } from 'tap'
import { scaleRates } from '../../../../../../job/aws/rate-limits.ts'
import { startAws, type Aws } from '../../../../../stand-ins/aws/aws.ts'

/** How long each thing takes, ms: long enough that a restore has to wait for it. */
const phases = {
  createTable: 5,
  deleteTable: 20,
  updateTable: 5,
  createIndex: 20,
  restore: 50,
  createBackup: 30,
  timeToLive: 5,
}

/**
 * The stand-in of AWS as restores are tested on it, until the test's end: nothing is limited by rates, and the worker
 * asks twenty times as often as it asks AWS.
 * @param slower what takes longer than usual, ms
 */
export async function awsForRestores(
  t: Pick<Test, 'teardown' | 'setTimeout'>,
  slower: Partial<typeof phases> = {},
): Promise<Aws> {
  const aws = await startAws({
    settings: { restorableLagMs: 100, phases: { ...phases, ...slower }, limits: { ratePerSecond: {} } },
  })
  t.teardown(() => aws.stop())
  t.setTimeout(600_000)
  scaleRates(20)
  return aws
}
