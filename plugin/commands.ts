import type { Command } from './command.ts'
import { backup } from './commands/backup/command.ts'
import { doctor } from './commands/doctor/command.ts'
import { install } from './commands/install/command.ts'
import { cancel } from './commands/cancel/command.ts'
import { describe } from './commands/describe/command.ts'
import { get } from './commands/get/command.ts'
import { logs } from './commands/logs/command.ts'
import { version } from './commands/version/command.ts'
import { wait } from './commands/wait/command.ts'
import { pause } from './commands/pause/command.ts'
import { unpause } from './commands/unpause/command.ts'
import { uninstall } from './commands/uninstall/command.ts'

/** Every command, in the order that --help shows them. */
export const commands: readonly Command[] = [install, uninstall, doctor, pause, unpause, backup, get, describe, logs, wait, cancel, version]
