// Room: what an operation leaves behind while it works: its journal and its record.
// Read journal, persisted-journal, record-store, pause-steps.

import type * as z from 'zod'

type Json = z.core.util.JSONType

/** A step while it is done. */
export interface OpenStep {
  /** an earlier worker began it and may have done it, wholly or in part: look before you act */
  readonly begunBefore: boolean
  /** what note() kept last, by this worker or an earlier one */
  readonly noted: Json | undefined
  /**
   * Keeps what the step has learnt before it ends: the token of a long operation of a service, for one. Durable once
   * answered.
   */
  note(value: Json): Promise<void>
}

/**
 * What an operation has done, so that a second worker goes on where a killed one stopped. A step's name is durable
 * before it acts, its result before it answers. Results are kept as JSON: what JSON does not hold is gone for a later
 * worker.
 */
export interface Journal {
  /** True when an earlier worker of this operation left steps here. */
  readonly resumed: boolean
  /**
   * Does what must not happen twice. A finished step is never done again: it answers with its result. One that an
   * earlier worker began and did not finish is acted on again, and told so.
   */
  once<Result>(name: string, act: (step: OpenStep) => Promise<Result>): Promise<Result>
  /**
   * Does what may be done any number of times, and looks before it acts. It is called in every worker, since what an
   * earlier one finished may have been put back meanwhile.
   */
  ensure(name: string, act: () => Promise<void>): Promise<void>
  /** Keeps what needs no act: name and result are written together, and are durable once answered. */
  keep(name: string, result: object): Promise<void>
  /** Begins a step that is acted on later: its name is durable, and used up, from here on. */
  begin(name: string): Promise<void>
  /** The result of a finished step, undefined when it has not finished. */
  result(name: string): Json | undefined
  /** Whether a step was begun, finished or not. */
  begun(name: string): boolean
}
