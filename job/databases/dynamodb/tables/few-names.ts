const most = 5

/** The first names of a list that may be long, and how many more there are: `a, b, c, d, e and 7 more`. */
export function fewNames(names: readonly string[]): string {
  const rest = names.length - most
  return `${names.slice(0, most).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
