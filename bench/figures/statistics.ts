/** What several measurements of one thing came to, in their own unit. */
export interface Spread {
  median: number
  min: number
  max: number
  values: number[]
}

/** @throws RangeError where nothing was measured */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('nothing was measured')
  const sorted = [...values].sort((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? Number.NaN
  const half = sorted.length / 2
  const median = sorted.length % 2 === 1 ? at(Math.floor(half)) : (at(half - 1) + at(half)) / 2
  return { median, min: at(0), max: at(sorted.length - 1), values: [...values] }
}

/** Milliseconds as `median (min–max)`; those of a second and more in seconds. */
export function formatSpread({ median, min, max }: Spread): string {
  return max < 1000
    ? `${Math.round(median)} ms (${Math.round(min)}–${Math.round(max)})`
    : `${(median / 1000).toFixed(2)} s (${(min / 1000).toFixed(2)}–${(max / 1000).toFixed(2)})`
}

/** How many times the one median is of the other. */
export function formatRatio(one: Spread, other: Spread): string {
  return other.median === 0 ? '-' : `${(one.median / other.median).toFixed(2)}×`
}
