import type { Command } from './command.ts'
import { install } from './commands/install/command.ts'
import { uninstall } from './commands/uninstall/command.ts'

/** Every command, in the order that --help shows them. */
export const commands: readonly Command[] = [install, uninstall]
