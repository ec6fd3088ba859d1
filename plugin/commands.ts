import type { Command } from './command.ts'
import { backup } from './commands/backup/command.ts'
import { doctor } from './commands/doctor/command.ts'
import { importCommand } from './commands/import/command.ts'
import { install } from './commands/install/command.ts'
import { cancel } from './commands/cancel/command.ts'
import { completion } from './commands/completion/command.ts'
import { deleteCommand } from './commands/delete/command.ts'
import { describe } from './commands/describe/command.ts'
import { exportCommand } from './commands/export/command.ts'
import { get } from './commands/get/command.ts'
import { logs } from './commands/logs/command.ts'
import { status } from './commands/status/command.ts'
import { version } from './commands/version/command.ts'
import { wait } from './commands/wait/command.ts'
import { restore } from './commands/restore/command.ts'
import { pause } from './commands/pause/command.ts'
import { unpause } from './commands/unpause/command.ts'
import { uninstall } from './commands/uninstall/command.ts'

/** Every command, in the order that --help shows them. */
export const commands: readonly Command[] = [
  install,
  uninstall,
  doctor,
  pause,
  unpause,
  backup,
  restore,
  status,
  get,
  describe,
  logs,
  wait,
  cancel,
  deleteCommand,
  exportCommand,
  importCommand,
  version,
  completion,
]
