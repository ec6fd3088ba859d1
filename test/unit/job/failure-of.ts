import { Failure } from '../../../operation/failure.ts'

/**
 * The Failure that something ends in.
 * @throws what else it threw; an Error when it was no failure at all
 */
export async function failureOf(running: Promise<unknown> | (() => unknown)): Promise<Failure> {
  try {
    await (typeof running === 'function' ? running() : running)
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('it did not fail')
}
