/** Why a worker stops although its operation is not done: SIGTERM, by `cancel` or because its node is drained. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'

  /** @param signal its name, for people */
  constructor(signal: string) {
    super(`the worker was asked to end (${signal})`)
  }
}

/**
 * What a shell sees of a process that SIGTERM ended; its Job starts another then, which goes on from where this one
 * was.
 */
export const interruptedExitCode = 143
