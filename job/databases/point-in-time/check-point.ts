import type { Finding } from '../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../operation/record.ts'
import type { RestoreChoice } from '../../../operation/restore-options.ts'
import { formatTime } from '../../../operation/time.ts'

interface Asked {
  title: string
  choice: RestoreChoice
  entry: DatabaseBackup
  /** the moment that is to be brought back */
  point: Date
}

/**
 * Whether the restore point is one: a whole second, and the moment of a recorded pause or agreed to be unproven.
 * @param service what people call it
 */
export function checkPoint({ title, choice, entry, point }: Asked, service: string): Finding[] {
  const check = { check: 'restore point', subject: title }
  if (Number.isNaN(point.getTime()))
    return [
      {
        ...check,
        outcome: 'error',
        message: "the backup's record does not tell its restore point",
        cure: 'choose another backup, or a time with --at',
      },
    ]
  const text = formatTime(point.getTime())
  if (point.getTime() % 1000 !== 0)
    return [
      {
        ...check,
        outcome: 'error',
        message: `${text} is not a whole second`,
        cure: `${service} restores to whole seconds: give --at without a fraction`,
      },
    ]
  if (choice.at === undefined || Date.parse(choice.at) === Date.parse(entry.snapshotAt ?? ''))
    return [{ ...check, outcome: 'ok', message: text }]
  if (choice.pause !== undefined)
    return [{ ...check, outcome: 'ok', message: `${text}, in the pause of ${choice.pause}` }]
  const unproven = `${text} is not the moment of a recorded pause: what it brings back may hold halves of transactions`
  if (choice.unproven !== true)
    return [
      {
        ...check,
        outcome: 'error',
        message: unproven,
        cure: 'choose the point of a recorded pause: kubectl scalardl get backups',
      },
    ]
  return [
    {
      ...check,
      outcome: 'warning',
      message: `UNPROVEN: ${unproven}`,
      cure: "ScalarDL's own validation tells after the restore whether the ledger is whole",
    },
  ]
}
