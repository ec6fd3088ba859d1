// Room: one folder a command: command.ts declares it, action.ts does it.
// Read commands, then the folder in question.

import type { Command } from '../command-line/command.ts'
import { backup } from './backup/command.ts'
import { doctor } from './doctor/command.ts'
import { importCommand } from './import/command.ts'
import { images } from './images/command.ts'
import { install } from './install/command.ts'
import { cancel } from './cancel/command.ts'
import { copy } from './copy/command.ts'
import { completion } from './completion/command.ts'
import { deleteCommand } from './delete/command.ts'
import { describe } from './describe/command.ts'
import { exportCommand } from './export/command.ts'
import { get } from './get/command.ts'
import { materialize } from './materialize/command.ts'
import { logs } from './logs/command.ts'
import { status } from './status/command.ts'
import { version } from './version/command.ts'
import { wait } from './wait/command.ts'
import { restore } from './restore/command.ts'
import { pause } from './pause/command.ts'
import { unpause } from './unpause/command.ts'
import { uninstall } from './uninstall/command.ts'

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
  materialize,
  copy,
  deleteCommand,
  exportCommand,
  importCommand,
  images,
  version,
  completion,
]
