/** Port-forwards open at a time, so that a large release does not flood the API server. */
const atOnce = 16

/** Runs for all, a few at once, in their order. @throws what the first throws that fails; the others go on */
export async function fewAtOnce<One, Result>(
  ones: readonly One[],
  run: (one: One) => Promise<Result>,
): Promise<Result[]> {
  const results = new Map<One, Result>()
  const waiting = [...ones]
  const next = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) results.set(one, await run(one))
  }
  await Promise.all(Array.from({ length: atOnce }, next))
  return ones.flatMap((one) => results.get(one) ?? [])
}
