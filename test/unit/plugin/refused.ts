import { Failure } from '../../../operation/failure.ts'

/** The Failure that a call throws; anything else it does is an error of the test. */
export function refused(run: () => unknown): Failure {
  try {
    run()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('it was not refused')
}
