import type { RestoreChoice } from '../../../operation/restore-options.ts'

/**
 * What goes out of service where the releases are pointed to what was restored, for people.
 * @param noun what people call that: server
 */
export function losesOf({ choice, point }: { choice: RestoreChoice; point: Date }, noun: string): string[] {
  if (choice.repoint === 'print') return []
  return [`from service: everything written since ${point.toISOString()}; it stays in the former ${noun}`]
}
