import type { z } from 'zod'

type Json = z.core.util.JSONType

/** A step that changes the world. Its result is kept as JSON: what JSON does not hold is gone on a later run. */
export interface Step<Result> {
  /** Asks the world whether an earlier run already did it, and with what result; undefined when not. Called only when the journal shows the step begun but not finished. */
  look(): Promise<Result | undefined>
  act(): Promise<Result>
}

/** What an operation has done, so that a second run goes on where a killed one stopped. */
export interface Journal {
  /** True when an earlier run of this operation left steps here. */
  readonly resumed: boolean
  /**
   * Does a step once: writes its name before and its result after. On a later run a finished step answers with its
   * recorded result, and a begun one looks first and acts only if it must.
   */
  step<Result>(name: string, step: Step<Result>): Promise<Result>
  /** Begins a step that is acted on later: its name is durable, and used up, from here on. */
  begin(name: string): Promise<void>
  /** The result of a finished step, undefined when it has not finished. */
  result(name: string): Json | undefined
  /** Whether a step was begun, finished or not. */
  begun(name: string): boolean
}
