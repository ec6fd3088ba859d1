import { spreadOf } from './statistics.ts'

/** What a document says of the run itself. */
const unmeasured = new Set(['measuredAt', 'scale', 'restoreMinutes', 'bytes'])

/**
 * The figures of a measurement's document by name: the median where several values were kept. Names are the keys that
 * lead to a figure; a member of a list is named by its title, or by what it was measured for.
 */
export function figuresOf(document: unknown): Map<string, number> {
  const figures = new Map<string, number>()
  collect(document, [], figures)
  return figures
}

function collect(value: unknown, names: readonly string[], figures: Map<string, number>): void {
  if (typeof value === 'number') figures.set(names.join(' '), value)
  else if (Array.isArray(value)) {
    if (value.length > 0 && value.every((item) => typeof item === 'number'))
      figures.set(names.join(' '), spreadOf(value).median)
    else value.forEach((item, index) => collect(item, [...names, titleOf(item) ?? String(index)], figures))
  } else if (typeof value === 'object' && value !== null) {
    const spread = value as { median?: unknown }
    if (typeof spread.median === 'number') figures.set(names.join(' '), spread.median)
    else
      for (const [key, item] of Object.entries(value))
        if (!unmeasured.has(key) && !titles.includes(key)) collect(item, [...names, key], figures)
  }
}

/** How a list's members say what was measured. */
const titles = ['title', 'tables', 'endpoints', 'way']

function titleOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const [, name] = Object.entries(item).find(([key]) => titles.includes(key)) ?? []
  return typeof name === 'string' || typeof name === 'number' ? String(name) : undefined
}
