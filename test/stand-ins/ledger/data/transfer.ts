import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { accountCount } from './rows.ts'

/** One transaction of the workload: money from an account of one side to an account of the other. */
export interface Transfer {
  /** who makes it; each stream counts its transfers from 1 without gaps */
  stream: string
  number: number
  checking: string
  savings: string
  /** from checking to savings; negative: the other way */
  amount: number
  txId: string
}

export function newTransfer(stream: string, number: number): Transfer {
  const account = () => `account-${randomInt(accountCount) + 1}`
  return {
    stream,
    number,
    checking: account(),
    savings: account(),
    amount: randomInt(1, 100) * (randomInt(2) === 0 ? 1 : -1),
    txId: randomUUID(),
  }
}

export interface TransferPace {
  /** longest time between two parts, ms */
  gapMs: number
  /** aborted when the process cannot wait any longer */
  hurry: AbortSignal
}

const retryMs = 200

/**
 * Makes a transfer in parts, each of which may be done twice, with a short gap between them. What has begun is
 * finished, however long a database is away; unless that database comes back with other data, in which there is nothing
 * to finish.
 * @param begun whether the first part is in the database
 * @throws Error when the process ends before that
 */
export async function makeInParts(
  parts: readonly (() => Promise<void>)[],
  begun: () => Promise<boolean>,
  { gapMs, hurry }: TransferPace,
): Promise<void> {
  for (const [index, part] of parts.entries()) {
    if (index > 0) await sleep(gapMs / 2 + Math.random() * (gapMs / 2))
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (index > 0 && attempt > 1 && !(await begun())) return
        await part()
        break
      } catch (error) {
        if (hurry.aborted) throw error
        await sleep(retryMs)
      }
    }
  }
}
