import { Failure } from '../../operation/failure.ts'

/**
 * Another worker has taken this operation over, and this one gives way: it writes and takes back nothing more. Only the
 * pauses that it began it still ends, since nobody else knows of a Pause that is on its way.
 */
export class GaveWay extends Failure {
  override readonly name = 'GaveWay'

  /** @param how it shows, for people */
  constructor(how: string) {
    super({
      what: 'another worker is at work on this operation',
      why: how,
      next: 'this one gives way; follow the other with `kubectl scalardl logs`',
    })
  }
}
