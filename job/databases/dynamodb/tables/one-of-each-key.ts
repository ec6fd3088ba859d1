/**
 * Of tables one for each key that encrypts them: AWS asks for the rights on it when a table is restored, and tells
 * nobody before.
 */
export function oneOfEachKey<T>(tables: readonly T[], keyOf: (table: T) => string | undefined): T[] {
  return [...Map.groupBy(tables, keyOf).values()].flatMap(([first]) => first ?? [])
}
