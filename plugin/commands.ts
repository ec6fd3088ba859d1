import type { Command } from './command.ts'

/** Every command, in the order that --help shows them. */
export const commands: readonly Command[] = []
