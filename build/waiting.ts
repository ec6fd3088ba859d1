import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, messageOf } from '../operation/failure.ts'

/**
 * Asks until the answer is not undefined, every 100 ms for at most `timeoutMs`.
 * An error counts as "not yet"; the last one is the reason of the Failure thrown in the end.
 */
export async function waitFor<Answer>(
  what: string,
  timeoutMs: number,
  ask: () => Answer | undefined | Promise<Answer | undefined>,
): Promise<Answer> {
  const end = performance.now() + timeoutMs
  let last = 'it never happened'
  do {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      last = messageOf(error)
    }
    await sleep(100)
  } while (performance.now() < end)
  throw new Failure({
    what: `${what}: waited ${timeoutMs / 1000} s in vain`,
    why: last,
    next: 'Read the logs of the components in the state folder, which `main.ts status` names.',
  })
}

/** Reports that `what` goes on, at once and then every 15 s, with the time it has taken. */
export async function withProgress<Result>(what: string, action: () => Promise<Result>): Promise<Result> {
  const start = performance.now()
  const seconds = () => Math.round((performance.now() - start) / 1000)
  process.stderr.write(`${what}\n`)
  const timer = setInterval(() => process.stderr.write(`${what} (${seconds()} s)\n`), 15_000)
  try {
    return await action()
  } finally {
    clearInterval(timer)
  }
}
