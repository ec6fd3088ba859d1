/** The Resource Manager allows a subscription some calls a second; more at once would only be refused. */
const atOnce = 8

/** Does one thing for each, a few at a time; answers in their order. What runs when one fails is waited for. */
export async function fewAtOnce<One, Result>(
  ones: readonly One[],
  run: (one: One) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const left = [...ones.entries()]
  const failed = new AbortController()
  const next = async () => {
    for (let entry = left.shift(); entry !== undefined && !failed.signal.aborted; entry = left.shift()) {
      const [index, one] = entry
      results[index] = await run(one).catch((error: unknown) => {
        failed.abort()
        throw error
      })
    }
  }
  const settled = await Promise.allSettled(Array.from({ length: Math.min(atOnce, ones.length) }, next))
  const rejected = settled.find((one) => one.status === 'rejected')
  if (rejected !== undefined) throw rejected.reason
  return results
}
