import { Failure } from '../../../operation/failure.ts'

/** A pause that had to end before the work in it was done. */
export class PauseCutShort extends Failure {
  constructor(why: string, next: string) {
    super({ what: 'the pause ended before the work in it was done', why, next })
  }
}
