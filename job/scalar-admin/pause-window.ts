import type { PauseWindowRecord } from '../../operation/record.ts'
import type { OperationContext } from '../operation-context.ts'

type Pausing = OperationContext<'backup' | 'pause'>

/** What a pause gave: the value made inside it, and its proof. */
export interface Paused<T> {
  value: T
  window: PauseWindowRecord
}

/**
 * Pauses every target of the request at once, runs `inside`, and unpauses whatever happens.
 * Connections stand before the first Pause is sent (`connect` in targets.ts).
 */
export type HoldPause = <T>(context: Pausing, inside: () => Promise<T>) => Promise<Paused<T>>
