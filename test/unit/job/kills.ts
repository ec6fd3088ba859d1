/** Whether a worker is killed at every place where one may die, as before a release; else at every fourth. */
const all = process.env['KILLED_AT'] === 'every write'

/** How far those places are apart: `npm run test:all` leaves none out. */
export const killsApart = all ? 1 : 4

/**
 * One of every four cases in a row, always the same ones, so that a failure repeats. Which one of the four differs from
 * row to row: cases are often pairs, one before a step acts and one after it.
 * @param cases in the order in which they come up
 */
export const casesTried = <T>(cases: readonly T[]): T[] =>
  cases.filter((_, one) => all || one % 4 === Math.floor(one / 4) % 4)
