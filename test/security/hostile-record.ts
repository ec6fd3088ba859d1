// Room: attacks on what is protected, each of which fails; with the protection removed it succeeds (test/mutations).
// Read hostile-record, later-records, print-hostile.

import { recordSchema, type OperationRecord } from '../../operation/record.ts'

/** What a line begins with that an attacker made. */
export const forged = 'FORGED'

/** Sets the title, clears the screen, turns the text round, begins a line of its own, and colours what follows. */
export const hostileText =
  `x\u001b]0;owned\u0007\u009b2J\u202e\u2066\r\n${forged}: all is well\n` +
  `\u001b[32m${forged}\u001b[0m\u2028\u200b\ud800`

/**
 * The record with the hostile text wherever its schema lets any text stand, also as a key. Each string is tried alone,
 * so that a field which is checked keeps its value and the others are not spared for it.
 */
export function hostileRecord(record: OperationRecord): { record: OperationRecord; changed: number } {
  const hostile: unknown = structuredClone(record)
  let changed = 0
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      const value: unknown = Reflect.get(node, key)
      if (typeof value !== 'string') {
        walk(value)
        continue
      }
      Reflect.set(node, key, `${value}${hostileText}`)
      if (recordSchema.safeParse(hostile).success) changed += 1
      else Reflect.set(node, key, value)
    }
  }
  walk(hostile)
  return { record: recordSchema.parse(hostile), changed }
}

/** Characters of what was written that steer a terminal, beside line breaks and the colours given. */
export function steering(written: string, colours: readonly string[] = []): string[] {
  const rest = colours.reduce((text, code) => text.replaceAll(code, ''), written)
  return [...rest.matchAll(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu)].map(([found]) => JSON.stringify(found))
}

/** Lines of what was written that the attacker made. */
export function forgedLines(written: string, colours: readonly string[] = []): string[] {
  const rest = colours.reduce((text, code) => text.replaceAll(code, ''), written)
  return rest.split('\n').filter((line) => line.startsWith(forged))
}
