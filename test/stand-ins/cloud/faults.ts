import { setTimeout as sleep } from 'node:timers/promises'
import * as z from 'zod'

/** How often a fault strikes, and how late; with what every cloud can do wrong. */
export const faultRule = {
  /** matching calls that are let through first */
  skip: z.number().int().min(0).default(0),
  /** how many calls it strikes after that; without it all */
  times: z.number().int().min(1).optional(),
  /** ms before anything happens; of any effect */
  delayMs: z.number().min(0).default(0),
  /** what the effect error answers */
  error: z
    .strictObject({
      code: z.string(),
      message: z.string().default('a fault that was asked for'),
      status: z.number().default(400),
    })
    .optional(),
}

/** A fault as far as every cloud has it; its settings also say which calls it matches. */
export interface FaultRule {
  skip: number
  times?: number | undefined
  delayMs: number
  effect: string
}

/** Counts the calls that match each fault; settings that are set anew begin at nought. */
export class FaultCounts<Fault extends FaultRule> {
  #of: readonly Fault[] = []
  #counts = new Map<Fault, number>()

  /** The first fault that strikes this call. */
  strike(faults: readonly Fault[], matchesCall: (fault: Fault) => boolean): Fault | undefined {
    if (faults !== this.#of) {
      this.#of = faults
      this.#counts = new Map()
    }
    let struck: Fault | undefined
    for (const fault of faults.filter(matchesCall)) {
      const count = this.#counts.get(fault) ?? 0
      this.#counts.set(fault, count + 1)
      if (count < fault.skip || (fault.times !== undefined && count >= fault.skip + fault.times)) continue
      struck ??= fault
    }
    return struck
  }
}

interface Struck<Answer> {
  fault: FaultRule | undefined
  /** what the fault answers before anything happens */
  error: Error | undefined
  internalError: () => Error
  act: () => Promise<Answer>
}

/**
 * Does what a call asks for as far as its fault lets it: reset happens before, lost-answer and lost-answer-500 after.
 * @returns undefined where nothing is to be answered
 */
export async function actUnderFault<Answer>({
  fault,
  error,
  internalError,
  act,
}: Struck<Answer>): Promise<Answer | undefined> {
  if (fault !== undefined && fault.delayMs > 0) await sleep(fault.delayMs)
  if (error !== undefined) throw error
  if (fault?.effect === 'reset') return undefined
  const answer = await act()
  if (fault?.effect === 'lost-answer-500') throw internalError()
  return fault?.effect === 'lost-answer' ? undefined : answer
}
