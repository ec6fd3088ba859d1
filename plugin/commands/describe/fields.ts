export type Field = readonly [name: string, value: string | undefined]

/** `Name:   value` lines, one below the other; fields without a value are left out. */
export function fields(list: readonly Field[]): string[] {
  const present = list.filter(([, value]) => value !== undefined && value !== '')
  const widest = Math.max(0, ...present.map(([name]) => name.length))
  return present.map(([name, value]) => `${`${name}:`.padEnd(widest + 2)} ${value}`)
}
