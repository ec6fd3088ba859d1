import { formatDuration } from '../../../operation/duration.ts'
import type { Patience } from '../../aws/sdk-retries.ts'
import type { DatabaseContext } from '../database.ts'

/** Tells people that AWS goes on refusing a call, which is tried again: a full quota may last for hours. */
export function refusalTold(events: DatabaseContext['events']): NonNullable<Patience['told']> {
  return ({ why, forMs }) =>
    events.say('note', `AWS has refused a call for ${formatDuration(forMs)}, and is asked again: ${why}`, {
      level: 'warning',
    })
}
