// Room: what the tests have to see: the product, deliberately broken.
// Read mutation, mutations, aurora, azure, cassy, dumps, records, rds, run.

/** A deliberate breakage of the product, and the tests that have to see it. */
export interface Mutation {
  title: string
  /** text of the one file of the product that is changed; it is found wherever the file lies */
  file: string
  /** each text, which that file has once, and what takes its place */
  changes: readonly (readonly [text: string, instead: string])[]
  /** names of test files, found wherever they lie */
  tests: readonly string[]
}
